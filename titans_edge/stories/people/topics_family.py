"""Topics of people and animals close to one. Data only; the format is in topic.py."""

TABLE = r"""
# partner me v=first group=partner uses=spouse,partner
S my partner is called {v}.
S my partner's name is {v}.
S I'm together with {v}.
S I've been with {v} for six years now.
S {v} and I are a couple.
S I live with {v}, my partner.
S I'm in love with {v}, we've been together since May.
Q who is my partner?
Q what is my partner's name?
Q who am I together with?
Q who have I been with for years?
Q what's my partner called?
Q who do I love?
P who was my partner before?
P who did I use to be with?
C {o} and I split up; I'm with {v} now.
C I've got a new partner, {v}.
C I'm not with {o} any more but with {v}.

# spouse me v=first k=marriage group=partner uses=spouse,partner
S my {k}'s name is {v}.
S my {k} is called {v}.
S I introduced you to my {k}, {v}, last time.
S {v} is my {k}.
S this is about my {k} {v}, who is a better cook than me.
Q what is my {k}'s name?
Q what's my {k} called?
Q who is my {k}?
Q who am I married to?

# children_count both v=count_kids group=children
S {I} [have|has] {v}.
S {I} [am|is] the proud parent of {v}.
S {I} [have|has] {v}, all still at home.
S {I}['m| is] raising {v}.
S1 we're a family with {v}.
Q how many children {do} {I} have?
Q how many kids {do} {I} have?
Q what children {do} {I} have?
Q how many children {am} {I} raising?

# kid_name both v=kid k=child group=kid_name
S {my} {k} is called {v}.
S {my} {k}'s name is {v}.
S {I} named {my2} {k} {v}.
S {v} is {my} {k}.
S {I} [have|has] a {k} called {v}.
S1 I picked up my {k} {v} from nursery today.
Q what is {my} {k} called?
Q what is {my} {k}'s name?
Q what did {I} name {my2} {k}?
Q who is {my} {k}?
Q what's the name of {my} {k}?

# kid_age both v=age k=child group=kid_age
S {my} {k} is {v}.
S {my} {k} is {v} years old.
S {my} {k} turned {v} last week.
S {my} {k} is {v} years old now.
S {I} [have|has] a {k} who is {v}.
S {I} [have|has] a {k} of {v}.
S {I} can hardly believe {my2} {k} is {v} already.
Q how old is {my} {k}?
Q what age is {my} {k}?
Q what is the age of {my} {k}?
Q how old is {my} {k} now?
P how old was {my} {k} before?
P what age was {my} {k} when I first mentioned it?
C {my} {k} had a birthday and is {v} now.
C {my} {k} just turned {v}.
C {my} {k} is not {o} any more but {v}.

# age both v=grown group=age
S {I} [am|is] {v} years old.
S {I}['m| is] {v}.
S {I} turned {v} in spring.
S {I} will be {v} next month.
S at {v}, {I} [am|is] the oldest in the choir.
S {I} just had a birthday and [am|is] {v} now.
Q how old {am} {I}?
Q what is {my} age?
Q what age {am} {I}?
Q how old will {I} be?
Q what's {my} age in years?

# sibling_count both v=count_siblings group=siblings
S {I} [have|has] {v}.
S {I} grew up with {v}.
S there are {v} in {my} family besides {me}.
S {I} [have|has] {v}, all older.
Q how many siblings {do} {I} have?
Q what brothers and sisters {do} {I} have?
Q who did {I} grow up with?
Q which siblings {do} {I} have?

# relative me v=first k=relation_extra group=relative uses=k
S my {k} is called {v}.
S my {k}'s name is {v}.
S I have a {k} called {v}.
S {v} is my {k}.
S my {k} {v} rang me yesterday.
S I haven't seen my {k} {v} for ages.
S {k}: {v}
Q what is my {k} called?
Q what's my {k}'s name?
Q who is my {k}?
Q what is the name of my {k}?
Q which name does my {k} have?
Q do you remember the name of my {k}?

# in_law me v=first k=in_law group=in_law
S my {k} is called {v}.
S my {k}'s name is {v}.
S I get on well with my {k} {v}.
S {v} is my {k}.
S my {k}, {v}, is staying with us over Easter.
Q what is my {k} called?
Q what's my {k}'s name?
Q who is my {k}?
Q what is the name of my {k}?

# pet both v=pet group=pet
S {I} [have|has] a {v}.
S {I} own[s] a {v}.
S {I} [keep|keeps] a {v} at home.
S {I} got a {v} from the animal shelter.
S there is a {v} in {my} flat, hopefully not on the table.
S {I} couldn't resist and bought a {v}.
S {I} share[s] the flat with a {v}.
S {I} ha[ve|s] had a {v} for years.
Q what pet {do} {I} have?
Q what animal {do} {I} own?
Q which pet lives with {me}?
Q what kind of animal did {I} get?
Q do you remember what pet {I} ha[ve|s]?
Q what animal {do} {I} keep?
Q1 which animal do I have at home?
Q what sort of pet {have} {I} got?
A {I} also [have|has] a {v}.
A {I} [have|has] a {v} as well.
A and then there is {my} {v}.
N the owner of the {v}
N the person who owns a {v}
N the one with the {v}

# pet_name both v=pet_name k=pet group=pet
S {my} {k} is called {v}.
S {my} {k}'s name is {v}.
S {I} [have|has] a {k} called {v}.
S {I} named {my2} {k} {v}.
S {v} is {my} {k}, and eats everything.
S {my} {k} {v} is asleep on the sofa.
S {I} gave {my2} {k} the name {v}.
Q what is {my} {k} called?
Q what's {my} {k}'s name?
Q what did {I} name {my2} {k}?
Q what is the name of {my} {k}?
Q which name does {my} {k} have?
N the owner of {v}

# dog_breed both v=breed group=pet
S {my} dog is a {v}.
S {I} [have|has] a {v}.
S {I} bought a {v} puppy.
S {I} [have|has] a dog, a {v}.
S {my} dog is half wolf, people say, but it's a {v}.
Q what breed is {my} dog?
Q what kind of dog {do} {I} have?
Q which breed did {I} choose for {my2} dog?
Q what dog {do} {I} have?
Q what sort of dog [have|has] {I} got?
N the person with the {v}

# pet_age both v=age k=pet group=pet
S {my} {k} is {v} years old.
S {my} {k} will be {v} in June.
S {I} [have|has] a {k} of {v} years.
S {my} {k} has reached the age of {v}.
Q how old is {my} {k}?
Q what age is {my} {k}?
Q what is the age of {my} {k}?
Q how many years old is {my} {k}?

# vet both v=doctor k=pet group=pet
S the vet of {my} {k} is {v}.
S {I} take[s] {my2} {k} to {v}.
S {my} {k}'s vet is called {v}.
S {v} is the vet who looks after {my} {k}.
S {I} went to {v} because {my2} {k} was limping.
Q who is the vet of {my} {k}?
Q where {do} {I} take {my2} {k} when it is ill?
Q what is {my} {k}'s vet called?
Q who looks after {my} {k} when it is ill?
P who was {my} {k}'s vet before?
P which vet did {I} use to take the {k} to?
C {my} {k} has a new vet, {v}.
C {I} changed vets from {o} to {v} with {my2} {k}.

# pet_food both v=pet_food k=pet group=pet
S {my} {k} only eats {v}.
S {I} feed[s] {my2} {k} {v}.
S {my} {k} loves {v}.
S {my} {k} gets {v} for breakfast.
Q what does {my} {k} eat?
Q what {do} {I} feed {my2} {k}?
Q what food does {my} {k} love?
Q what does {my} {k} get for breakfast?

# pet_medicine both v=dose k=pet a=medicine group=pet
S {my} {k} gets {v} of {a} every morning.
S {I} give[s] {my2} {k} {v} of {a} twice a day.
S the vet said {my} {k} needs {v} of {a}.
S {my} {k} must have {v} of {a} with its food.
Q how much {a} does {my} {k} get?
Q how much {a} {do} {I} give {my2} {k}?
Q what dose of {a} does {my} {k} need?
Q how much {a} must {my} {k} have?
Q:a what medicine does {my} {k} get?
Q:a which medicine {do} {I} give {my2} {k}?
Q:a what does {my} {k} have to take?
Q:a which medicine must {my} {k} have?
P how much {a} did {my} {k} get before?
P what was the earlier dose of {a} for {my} {k}?
C {my} {k} now gets {v} of {a} instead of {o}.
C the vet changed the {a} of {my} {k} to {v}.

# birthday both v=date group=birthday
S {my} birthday is on {v}.
S {I} was born on {v}.
S {I} celebrate[s] {my2} birthday on {v}.
S {I} [have|has] {my2} birthday on {v}.
S {v} is {my} birthday.
S {my} birthday: {v}
S it's {my} birthday on {v}, mark it down!
Q when is {my} birthday?
Q when was {I} born?
Q what date is {my} birthday?
Q when {do} {I} have {my2} birthday?
Q on what day was {I} born?
Q what is {my} date of birth?
Q which day {do} {I} celebrate {my2} birthday?
N the one who was born on {v}

# birth_year both v=born_year group=birth_year
S {I} was born in {v}.
S {my} year of birth is {v}.
S {I} came into the world in {v}.
S {I} [am|is] from {v}, so do the maths.
Q what year was {I} born in?
Q what is {my} year of birth?
Q in which year did {I} come into the world?
Q what year {am} {I} from?

# anniversary both v=date group=anniversary
S {my} wedding anniversary is on {v}.
S {I} got married on {v}.
S {my} wedding was on {v}.
S {I} celebrate[s] {my2} wedding anniversary on {v}.
Q when is {my} wedding anniversary?
Q when did {I} get married?
Q what was the date of {my} wedding?
Q when {do} {I} celebrate {my2} wedding anniversary?
"""
