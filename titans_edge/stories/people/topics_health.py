"""Topics of health and body. Data only; the format is in topic.py."""

TABLE = r"""
# appointment both v=when k=doctor_kind group=appointment
S {my} appointment at the {k} is on {v}.
S {I} ha[ve|s] an appointment with the {k} on {v}.
S {I} see[s] the {k} on {v}.
S {I} ha[ve|s] to go to the {k} on {v}.
S the {k} can see {me} on {v}.
S {I} finally got an appointment at the {k}: {v}
S {k} {v}, and {I} can't be late again.
Q when is {my} appointment at the {k}?
Q when {do} {I} have to see the {k}?
Q on what day {do} {I} see the {k}?
Q when {do} {I} have to go to the {k}?
Q what date is {my} {k} appointment?
Q when can the {k} see {me}?
P when was {my} {k} appointment before?
P what was the original date at the {k}?
P when was {I} supposed to see the {k} at first?
P when was {my} first appointment at the {k}?
C {my} {k} appointment was moved from {o} to {v}.
C the {k} cancelled; {my} new appointment is on {v}.
C {I} can't go to the {k} on {o}, so {i2} go[es] on {v}.
C the {k} moved {my} appointment to {v}.

# hairdresser both v=when group=hairdresser
S {I} ha[ve|s] an appointment at the hairdresser's on {v}.
S {I}['m| is] getting {my2} hair cut on {v}.
S {my} haircut is on {v}.
S {I} go[es] to the hairdresser on {v}.
Q when {do} {I} go to the hairdresser?
Q when {am} {I} getting {my2} hair cut?
Q when is {my} haircut?
Q when {do} {I} have to be at the hairdresser's?
P when was {my} haircut planned before?
P what was the first date at the hairdresser's?
C {my} haircut was moved from {o} to {v}.
C the hairdresser can't see {me} on {o}, it's {v} now.

# doctor both v=doctor k=doctor_kind group=doctor
S {my} {k} is {v}.
S {my} {k} is called {v}.
S {I} go[es] to {v}, a very good {k}.
S {my} {k}'s name is {v}.
S {v} is {my} {k}.
S {my} {k}: {v}
Q who is {my} {k}?
Q what is {my} {k} called?
Q which {k} {do} {I} go to?
Q what is the name of {my} {k}?
Q what's {my} {k}'s name?
P who was {my} {k} before?
P what was {my} old {k} called?
P which {k} did {I} use to go to?
P what was the name of {my} former {k}?
C {my} {k} retired; {i2} go[es] to {v} now.
C {my} new {k} is {v}.
C {I} changed from {o} to {v} as {my2} {k}.
C {v} is {my} {k} now instead of {o}.

# dose both v=dose k=medicine group=dose
S {I} take[s] {v} of {k} every day.
S {my} dose of {k} is {v}.
S {I} need[s] {v} of {k} in the morning.
S {I} [am|is] on {v} of {k}.
S the doctor prescribed {me} {v} of {k}.
S {k}: {v} after breakfast, says {my} doctor
Q how much {k} {do} {I} take?
Q what is {my} dose of {k}?
Q how much {k} {do} {I} need?
Q how much {k} {am} {I} on?
Q what amount of {k} did the doctor prescribe {me}?
P how much {k} did {I} take before?
P what was {my} old dose of {k}?
P how much {k} was {I} on earlier?
P what dose of {k} did {I} use to take?
C {my} dose of {k} was changed from {o} to {v}.
C {I} now take[s] {v} of {k}.
C the doctor raised {my} {k} to {v}.
C instead of {o}, {I} now take[s] {v} of {k}.

# medicine both v=medicine group=medicine
S {I} take[s] {v}.
S {I} ha[ve|s] to take {v} every morning.
S {my} doctor put {me} on {v}.
S {I} need[s] {v} for {my2} condition.
S {my} medication is called {v}.
S {I} [am|is] on {v} at the moment, it makes {me2} sleepy.
Q what medicine {do} {I} take?
Q which medication {am} {I} on?
Q what did {my} doctor put {me} on?
Q what medicine {do} {I} need?
Q what is {my} medication called?
Q which drug {do} {I} have to take?
P what medicine did {I} take before?
P which medication was {I} on earlier?
P what was {my} previous medicine?
C {I} switched from {o} to {v}.
C {I} take[s] {v} now instead of {o}.
C {my} doctor replaced {o} by {v}.
A {I} also take[s] {v}.
A and {I} need[s] {v} too.

# medicine_time both v=time k=medicine group=medicine_time
S {I} take[s] {my2} {k} at {v}.
S {my} {k} is due at {v}.
S {I} ha[ve|s] to take {k} at {v}, with water.
S {I} take[s] {k} at {v} every day.
Q when {do} {I} take {my2} {k}?
Q at what time is {my} {k} due?
Q when {do} {I} have to take {k}?
Q what time {do} {I} take {k} every day?

# allergy both v=allergen group=allergy
S {I} [am|is] allergic to {v}.
S {I} [have|has] an allergy to {v}.
S {I} can't have {v}, {i2} [am|is] allergic.
S {I} react[s] badly to {v}.
S {v} makes {me} ill, it's an allergy.
S {I} must not get anywhere near {v} because of {my2} allergy.
S the test showed that {I} [am|is] allergic to {v}.
S beware: {I} [have|has] a bad reaction to {v}.
Q what {am} {I} allergic to?
Q which allergy {do} {I} have?
Q what can't {I} have?
Q what {do} {I} react badly to?
Q what kind of allergy {do} {I} have?
Q what makes {me} ill?
Q what should {I} stay away from?
Q what must you not serve {me}?
A {I} [am|is] also allergic to {v}.
A {v} is another thing {I} can't have.
A {I} can't have {v} either.
N the one who is allergic to {v}
N the person with the allergy to {v}

# diet both v=diet group=diet
S {I} eat[s] {v}.
S {I} follow[s] a {v} diet.
S {my} diet is {v}.
S {I} only eat[s] {v} food.
S {I} ha[ve|s] been eating {v} for two years.
S {I}['m| is] {v}, please keep that in mind for dinner.
Q what diet {do} {I} follow?
Q what kind of food {do} {I} eat?
Q how {do} {I} eat?
Q what sort of food {do} {I} eat?
Q is there a diet {I} follow[s]?
P what diet did {I} follow before?
P how did {I} use to eat?
C {I} [don't|doesn't] eat {o} any more, {i2} [am|is] {v} now.
C {I} changed {my2} diet from {o} to {v}.
N the one who eats {v}

# illness both v=illness group=illness
S {I} [have|has] {v}.
S {I} suffer[s] from {v}.
S {I} ha[ve|s] been struggling with {v} lately.
S {I} [have|has] been diagnosed with {v}.
S the doctor says {I} [have|has] {v}.
Q what {do} {I} suffer from?
Q which illness {do} {I} have?
Q what have I told you about {my} health?
Q what {am} {I} diagnosed with?
Q what's wrong with {my} health?

# injury both v=bodypart group=injury
S {I} hurt {my2} {v}.
S {my} {v} hurts.
S {I} injured {my2} {v} skiing.
S {I} injured {my2} {v}.
S {I} ha[ve|s] had trouble with {my2} {v} since the fall.
Q what did {I} hurt?
Q which part of {my} body hurts?
Q which part of {my} body is injured?
Q what did {I} injure?
Q where {do} {I} have pain?

# weight both v=kilos group=weight
S {I} weigh[s] {v}.
S {my} weight is {v}.
S {I} [am|is] at {v} now.
S the scales said {v} for {me}.
S this morning {I} weighed {v}.
Q how much {do} {I} weigh?
Q what is {my} weight?
Q what did the scales say for {me}?
Q how heavy {am} {I}?
Q what did {I} weigh this morning?
P how much did {I} weigh before?
P what was {my} weight earlier?
C {I} went from {o} to {v}.
C {I} now weigh[s] {v}.
C {my} weight is down from {o} to {v}.

# height both v=height group=height
S {I} [am|is] {v} tall.
S {my} height is {v}.
S {I} measure[s] {v}.
S {I} [am|is] {v} in socks.
Q how tall {am} {I}?
Q what is {my} height?
Q how much {do} {I} measure?
Q what's {my} size in socks?

# blood both v=blood group=blood
S {my} blood type is {v}.
S {I} [have|has] blood type {v}.
S {my} blood group: {v}
S {my} blood group is {v}.
S the donor card says {my} blood is {v}.
Q what is {my} blood type?
Q which blood type {do} {I} have?
Q what's {my} blood group?
Q which blood group [am|is] {I}?

# shoe both v=shoe group=shoe
S {my} shoe size is {v}.
S {I} wear[s] size {v} shoes.
S {I} take[s] a {v} in shoes.
S {I} need[s] shoes in size {v}.
S with shoes {I} [am|is] a {v}.
Q what is {my} shoe size?
Q which size of shoes {do} {I} wear?
Q how big are {my} feet?
Q what size {do} {I} need in shoes?
P what was {my} shoe size before?
P which shoe size did {I} wear earlier?
C {my} shoe size isn't {o} any more, it's {v}.
C {my} feet have grown, {I} need[s] {v} now.

# clothes both v=size_cl k=garment group=size
S {my} size in {k} is {v}.
S {I} wear[s] {k} in {v}.
S {I} need[s] {k} in {v}.
S for {k}, {my} size is {v}.
Q what is {my} size in {k}?
Q in which size {do} {I} wear {k}?
Q what size of {k} {do} {I} need?
Q what size {do} {I} have in {k}?

# bedtime both v=late group=bedtime
S {I} go[es] to bed at {v}.
S {my} bedtime is {v}.
S {I} [am|is] always asleep by {v}.
S {I} switch[es] off the light at {v}.
Q when {do} {I} go to bed?
Q what is {my} bedtime?
Q by when {am} {I} asleep?
Q when {do} {I} switch off the light?

# getup both v=early group=getup
S {I} get[s] up at {v}.
S {my} alarm goes off at {v}.
S {I} set {my2} alarm for {v}.
S {I} get[s] up at {v} on weekdays, even in winter.
S {my} day begins at {v} with coffee.
Q when {do} {I} get up?
Q when does {my} alarm go off?
Q for what time did {I} set {my2} alarm?
Q what time {do} {I} get up on weekdays?
P when did {I} get up before?
P what time was {my} alarm set for earlier?
C {I} get[s] up at {v} now instead of {o}.
C {my} alarm is set for {v} now, no longer for {o}.

# pharmacy thing v=street k=doctor_kind
S my {k}'s practice is in {v}.
S the practice of my {k} is on {v}.
S my {k} has moved to {v}.
S you find my {k} in {v}.
Q where is my {k}'s practice?
Q on which street is the practice of my {k}?
Q where do I find my {k}?
Q in which street is my {k}?

# glasses both v=glasses group=glasses
S {my} glasses have {v}.
S {I} need[s] glasses with {v}.
S the optician measured {v} for {me}.
S {my} lenses are {v}.
Q how strong are {my} glasses?
Q what strength of glasses {do} {I} need?
Q what did the optician measure for {me}?
Q how strong are {my} lenses?
"""
