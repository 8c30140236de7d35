"""Topics of friends, visits, presents, and of how one is reached. Data only; the format is in topic.py."""

TABLE = r"""
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
"""
