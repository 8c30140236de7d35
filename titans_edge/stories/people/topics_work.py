"""Topics of work, school and study. Data only; the format is in topic.py."""

TABLE = r"""
# job both v=job group=job
S {I} work[s] as a {v}.
S {I} [am|is] a {v}.
S {I} [am|is] a {v} by profession.
S {I} earn[s] {my2} living as a {v}.
S {I} started working as a {v} in March.
S {I} got a job as a {v}.
S {I} trained as a {v} and still enjoy[s] it.
S by trade {I} [am|is] a {v}.
Q what is {my} job?
Q what {do} {I} do for a living?
Q what {do} {I} work as?
Q how {do} {I} earn {my2} living?
Q what's {my} profession?
Q what kind of work {do} {I} do?
Q which occupation {do} {I} have?
Q what {am} {I} by trade?
P what was {my} job before?
P what did {I} use to work as?
P what did {I} do for a living earlier?
P what was {my} previous occupation?
C {I} [am|is] no longer a {o}, {i2} work[s] as a {v} now.
C {I} changed jobs and {am} a {v} now.
C {I} retrained from {o} to {v}.
C {I} gave up being a {o} and became a {v}.
N the {v}
N the one who works as a {v}

# employer both v=workplace group=employer
S {I} work[s] at {v}.
S {I} work[s] for {v}.
S {my} employer is {v}.
S {I} ha[ve|s] a job at {v}.
S {I} just started at {v}, still finding {my2} way around.
S {I} [am|is] employed by {v}.
S {I} signed a contract with {v}.
S {I} got hired by {v}, what a relief.
Q where {do} {I} work?
Q which company {do} {I} work for?
Q who is {my} employer?
Q where {do} {I} have a job?
Q who {do} {I} work for?
Q what's the name of the place {I} work[s] at?
Q where did {I} get a job?
Q who {am} {I} employed by?
P where did {I} work before?
P who was {my} previous employer?
P which company did {I} use to work for?
P where was {I} employed earlier?
C {I} left {o} and now work[s] at {v}.
C {I} moved from {o} to {v}.
C {I} [don't|doesn't] work for {o} any more, {i2} [am|is] at {v} now.
C {I} switched to {v}.
N the person who works at {v}
N the one employed by {v}

# boss both v=mr group=boss uses=boss
S {my} boss is called {v}.
S {my} boss is {v}.
S {my} manager's name is {v}.
S {I} report[s] to {v}.
S {v} is {my} boss.
S {my} new boss, {v}, wants everything by Friday.
S1 boss: {v}
Q who is {my} boss?
Q what is {my} boss called?
Q what is the name of {my} boss?
Q who {do} {I} report to?
Q who is {my} manager?
Q1 who is in charge of me at work?
P who was {my} boss before?
P what was {my} old boss called?
P who did {I} report to earlier?
P who used to be {my} boss?
C {o} left, and {v} is {my} boss now.
C {my} new boss is {v}.
C {I} now report[s] to {v} instead of {o}.
C {v} has taken over as {my} boss.

# colleague both v=full group=colleague uses=colleague
S {I} share[s] an office with {v}.
S {my} favourite colleague is {v}.
S at work {I} sit[s] next to {v}.
S {v} is the colleague {I} share[s] an office with.
S {I} always [have|has] lunch with {v} from work.
Q who {do} {I} share an office with?
Q who is {my} favourite colleague?
Q who {do} {I} sit next to at work?
Q which colleague shares an office with {me}?
Q who {do} {I} have lunch with?
P who did {I} share an office with before?
P who did {I} use to sit next to?
C {I} moved desks and now share[s] an office with {v}.
C {I} used to sit next to {o}, now it is {v}.

# project both v=project group=project
S {I} [am|is] working on project {v}.
S {I} [am|is] on a project called {v}.
S {my} project at work is called {v}.
S {I} [am|is] busy with project {v}.
S {I} lead[s] project {v}, which is exhausting.
Q what project {am} {I} working on?
Q what is {my} project called?
Q which project {am} {I} on?
Q which project {am} {I} busy with?
Q what's the name of {my} project at work?
P which project did {I} work on before?
P what was {my} last project called?
C {I} moved from project {o} to project {v}.
C {o} is finished, {I} work[s] on {v} now.
N the one who works on project {v}

# deadline thing v=when k=project
S the deadline for {k} is {v}.
S project {k} has to be finished by {v}.
S we must hand in {k} by {v}.
S {k} is due on {v}.
S the client wants {k} by {v}, no later.
S deadline {k}: {v}
Q when is the deadline for {k}?
Q by when does {k} have to be finished?
Q when do we have to hand in {k}?
Q when is {k} due?
Q until when can we work on {k}?
P what was the original deadline for {k}?
P when was {k} due before?
P by when did we have to hand in {k} first?
P when was {k} due at first?
C the deadline for {k} was moved from {o} to {v}.
C {k} got an extension until {v}.
C {k} isn't due on {o} any more but on {v}.
C {k} is now due on {v}.

# event_time thing v=when k=event
S the {k} is on {v}.
S the {k} takes place on {v}.
S we have the {k} on {v}.
S the {k} will be on {v}.
S the {k} is scheduled for {v}.
S don't let me miss the {k} on {v}.
S {k}: {v}
S on {v} there's the {k}, and I have to go.
Q when is the {k}?
Q when does the {k} take place?
Q what day is the {k}?
Q when will the {k} be?
Q for when is the {k} scheduled?
Q on which day do we have the {k}?
Q when do I have to go to the {k}?
Q what date is the {k}?
P when was the {k} planned before?
P what was the original date of the {k}?
P when was the {k} supposed to be at first?
P when was the {k} meant to take place?
C the {k} was moved from {o} to {v}.
C the {k} has been postponed to {v}.
C the {k} was moved to {v}.
C the {k} isn't on {o} any more but on {v}.
C they rescheduled the {k} for {v}.

# event_room thing v=room_no k=event
S the {k} is in {v}.
S the {k} takes place in {v}.
S we meet in {v} for the {k}.
S the {k} will be held in {v}.
S for the {k} I booked {v}.
Q where is the {k}?
Q which room is the {k} in?
Q where do we meet for the {k}?
Q in which room will the {k} be held?
Q what room did I book for the {k}?
Q where does the {k} take place?
P which room was the {k} in before?
P where was the {k} supposed to be?
P where was the {k} planned at first?
P which room was booked for the {k} originally?
C the {k} was moved from {o} to {v}.
C {o} is taken, so the {k} is in {v}.
C the {k} moved to {v}.
C the {k} has been moved to {v}.

# event_start thing v=clock k=event
S the {k} starts at {v}.
S the {k} begins at {v}.
S we start the {k} at {v}, so be on time.
S the {k} starts at {v} sharp.
S {v} is when the {k} begins.
Q when does the {k} start?
Q what time does the {k} begin?
Q at what time do we start the {k}?
Q at what time does the {k} start?
Q what time do I have to be at the {k}?
P when did the {k} start before?
P what time was the {k} supposed to begin?
C the {k} starts at {v} instead of {o}.
C the start of the {k} was moved to {v}.
C the {k} doesn't begin at {o}, it begins at {v}.

# event_lead thing v=full k=event
S {v} is organising the {k}.
S the {k} is led by {v}.
S {v} runs the {k}.
S the {k} is being organised by {v}.
S ask {v} if you have questions about the {k}.
Q who is organising the {k}?
Q who leads the {k}?
Q who runs the {k}?
Q who organises the {k}?
Q who can I ask about the {k}?
P who was organising the {k} before?
P who led the {k} earlier?
C {v} is organising the {k} instead of {o}.
C {o} is ill, so {v} runs the {k}.

# desk both v=level group=desk
S {my} desk is on {v}.
S {I} work[s] on {v}.
S {my} office is on {v}.
S {my} desk stands on {v}.
Q where is {my} desk?
Q where in the building {do} {I} work?
Q where is {my} office?
Q where does {my} desk stand?

# work_start both v=early group=work_start
S {I} start[s] work at {v}.
S {my} shift begins at {v}.
S {I} ha[ve|s] to be at work by {v}.
S {my} working day starts at {v}.
S {I} [don't|doesn't] have to be at work before {v}.
Q when {do} {I} start work?
Q when does {my} shift begin?
Q what time {do} {I} have to be at work?
Q what time does {my} working day start?
Q at what time {do} {I} begin working?
P when did {I} start work before?
P what time did {my} shift use to begin?
P when did {my} working day begin earlier?
P what was {my} old starting time?
C {my} shift was changed from {o} to {v}.
C {I} start[s] work at {v} now.
C {I} used to begin at {o}, but now it's {v}.
C {my} working day now starts at {v}.

# commute both v=transport group=commute
S {I} go[es] to work by {v}.
S {I} get[s] to the office by {v}.
S {my} way to work is by {v}.
S {I} travel[s] to work by {v}.
S {I} always take[s] the {v} to work.
Q how {do} {I} get to work?
Q how {do} {I} go to the office?
Q what {do} {I} take to get to work?
Q how {do} {I} travel to work?
P how did {I} get to work before?
P how did {I} use to travel to work?
C {I} used to go by {o}, but now {i2} take[s] the {v} to work.
C {I} go[es] to work by {v} now.

# commute_time both v=mins group=commute_time
S {my} way to work takes {v}.
S {I} need[s] {v} to get to work.
S it takes {me} {v} to get to the office.
S {my} commute is {v}.
Q how long does {my} way to work take?
Q how long {do} {I} need to get to work?
Q how much time does it take {me} to get to the office?
Q how long is {my} commute?

# salary both v=salary group=salary
S {my} salary is {v}.
S {I} earn[s] {v}.
S {I} get[s] paid {v}.
S {I} make[s] {v}.
S {I} was offered {v} and said yes.
Q how much {do} {I} earn?
Q what is {my} salary?
Q how much {do} {I} get paid?
Q how much {do} {I} make?
Q what was {I} offered as pay?
P how much did {I} earn before?
P what was {my} old salary?
P how much did {I} use to make?
C {my} salary went up from {o} to {v}.
C {I} got a raise, {my2} salary is {v} now.
C {I} now earn[s] {v} instead of {o}.

# staff_number me v=order group=staff_number
S my staff number is {v}.
S my employee ID is {v}.
S at work I'm number {v}.
S my personnel number is {v}.
Q what is my staff number?
Q what's my employee ID?
Q which number do I have at work?
Q what is my personnel number?
"""
