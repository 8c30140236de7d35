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
Q which {k} rang me?
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

# wedding_place other v=city k=full
S {k} is getting married in {v}.
S the wedding of {k} will be in {v}.
S {k}'s wedding takes place in {v}.
S {k} will marry in {v}.
S we're all going to {v} for the wedding of {k}.
Q where is {k} getting married?
Q in which city will the wedding of {k} be?
Q where does {k}'s wedding take place?
Q where will {k} marry?
Q where do we have to go for the wedding of {k}?
P where was {k}'s wedding planned first?
P in which city did {k} want to marry originally?
C the wedding of {k} was moved from {o} to {v}.
C {k} changed the plan and is getting married in {v}.

# visit other v=when k=full
S {k} is coming to visit me on {v}.
S {k} arrives on {v}.
S I'm expecting {k} on {v}, with far too much luggage.
S {k} will be staying with me from {v}.
S on {v} I'll have {k} here.
Q when is {k} coming to visit?
Q when does {k} arrive?
Q what day do I expect {k}?
Q from when will {k} be staying with me?
Q when will {k} be here?
P when did {k} want to come first?
P what was the original day of {k}'s visit?
C {k} is not coming on {o} but on {v}.
C {k} had to put off the visit, it's {v} now.
C {k} will come on {v} instead.

# present_for other v=present k=first
S I want to give {k} {v}.
S {k} is getting {v} from me for Christmas.
S for {k}'s birthday I bought {v}.
S {k} will get {v} from us.
S the present for {k} is {v}, and it's a secret.
S I've already wrapped {v} for {k}.
Q what do I want to give {k}?
Q what is {k} getting from me?
Q what did I buy for {k}?
Q what will {k} get from us?
Q what's my present for {k}?
Q which gift have I got for {k}?
P what did I want to give {k} before?
P what was my first idea for {k}?
C I changed my mind: {k} gets {v} instead of {o}.
C {k} already has that, so it will be {v} for {k}.

# lent other v=lendable k=full
S I lent {k} my {v}.
S {k} borrowed my {v}.
S {k} still has my {v}.
S my {v} is with {k}, who borrowed it.
S I gave my {v} to {k} for the weekend.
Q what did I lend {k}?
Q what did {k} borrow from me?
Q what does {k} still have of mine?
Q which thing of mine is with {k}?
Q what do I have to get back from {k}?

# lent_to thing v=full k=lendable
S I lent my {k} to {v}.
S {v} has borrowed my {k}.
S the {k} is with {v} at the moment.
S the one who took my {k} is {v}.
S my {k} went to {v}, just until Sunday.
Q who did I lend my {k} to?
Q who has borrowed my {k}?
Q who has got my {k}?
Q who took my {k}?
Q who has to give me back the {k}?
Q where is my {k} at the moment?
P who had my {k} before?
P who did I lend the {k} to first?
C {o} gave the {k} back, and now {v} has it.
C {v} has my {k} now.

# borrowed me v=full k=lendable
S I borrowed a {k} from {v}.
S the {k} I'm using belongs to {v}.
S I have to return the {k} to {v}.
S the {k} is borrowed from {v}.
S {v} let me have a {k} for the move.
Q who did I borrow the {k} from?
Q who does the {k} I'm using belong to?
Q who do I have to return the {k} to?
Q who is the {k} borrowed from?
Q whose {k} do I have?

# promise other v=promise k=first
S I promised {k} to {v}.
S I told {k} I would {v}.
S {k} is counting on me to {v}.
S I gave {k} my word that I'd {v}.
S I owe {k} a favour: I have to {v}.
Q what did I promise {k}?
Q what did I tell {k} I would do?
Q what is {k} counting on me to do?
Q what did I give {k} my word about?
Q what do I have to do for {k}?

# met other v=place_met k=full
S I met {k} {v}.
S {k} and I met {v}.
S I got to know {k} {v}, years ago.
S the first time I saw {k} was {v}.
Q where did I meet {k}?
Q how do I know {k}?
Q where did {k} and I get to know each other?
Q where did I see {k} for the first time?

# phone both v=phone group=phone
S {my} phone number is {v}.
S {my} number is {v}.
S you can reach {me} on {v}.
S {my} mobile number is {v}.
S {my} new number: {v}
S if anything happens, call {me} on {v}.
Q what is {my} phone number?
Q which number can {I} be reached on?
Q how can {I} be reached by phone?
Q what is {my} mobile number?
Q under which number can I call {me}?
Q what's {my} number?
P what was {my} old phone number?
P which number did {I} have before?
P what was {my} number before?
P what was {my} former phone number?
C {my} number is no longer {o}, it's {v}.
C {I} got a new phone number: {v}
C {my} new number is {v}.
C {I} switched from {o} to {v}.

# email both v=low_email group=email
S {my} email address is {v}.
S {my} e-mail is {v}.
S you can write to {me} at {v}.
S {my} mail address: {v}
S emails for {me} go to {v}.
S for work things {I} use[s] {v}.
Q what is {my} email address?
Q what's {my} e-mail?
Q where can I write to {me}?
Q what is {my} mail address?
Q which email {do} {I} use?
P what was {my} old email address?
P which e-mail did {I} have before?
C {my} email is {v} now, the old one {o} is dead.
C {my} new email address is {v}.
C {I} switched from {o} to {v}.

# nickname both v=pet_name group=nickname
S everyone calls {me} {v}.
S {my} nickname is {v}.
S {I} [am|is] known as {v} among friends.
S friends call {me} {v}.
Q what is {my} nickname?
Q what does everyone call {me}?
Q what name {am} {I} known by among friends?
Q what do friends call {me}?

# name me v=full
S my name is {v}.
S I'm {v}, nice to meet you.
S I am called {v}.
S you can call me {v}.
S my full name is {v}.
S hi, {v} here.
Q what is my name?
Q who am I?
Q what am I called?
Q what can you call me?
Q what's my full name?
Q do you remember my name?
P what was my name before?
P what did I use to be called?
C I got married, so my name is {v} now.
C I am not called {o} any more, I took the name {v}.
"""
