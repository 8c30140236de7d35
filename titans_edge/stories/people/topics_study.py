"""Topics of school, study and languages. Data only; the format is in topic.py."""

TABLE = r"""
# school both v=school group=school
S {I} went to {v}.
S {my} old school is called {v}.
S {I} [am|is] a former pupil of {v}.
S {my} school was {v}.
S {I} spent eight years at {v}.
Q which school did {I} go to?
Q what is {my} old school called?
Q where did {I} go to school?
Q what was {my} school?
Q what's the name of the school {I} attended?
N the one who went to {v}

# kid_school both v=school k=child group=kid_school
S {my} {k} goes to {v}.
S {my} {k} is at {v}.
S {my} {k} started school at {v}.
S {my} {k} is a pupil at {v}.
S {I} enrolled {my2} {k} at {v}.
Q which school does {my} {k} go to?
Q where is {my} {k} at school?
Q where did {my} {k} start school?
Q where is {my} {k} a pupil?
Q what is the name of {my} {k}'s school?
P which school did {my} {k} go to before?
P what was {my} {k}'s old school?
C {my} {k} changed schools from {o} to {v}.
C {my} {k} goes to {v} now.
C {my} {k} left {o} and is at {v} now.

# teacher thing v=teacher k=subject a=child
S my {a}'s {k} teacher is {v}.
S {v} teaches my {a} {k}.
S in {k} my {a} has {v}.
S my {a} has {v} for {k}.
S the new {k} teacher of my {a} is called {v}.
Q who teaches my {a} {k}?
Q who is my {a}'s {k} teacher?
Q what is the {k} teacher of my {a} called?
Q who does my {a} have for {k}?
P who was my {a}'s {k} teacher before?
P who used to teach my {a} {k}?
C my {a} has a new {k} teacher, {v}.
C in {k} my {a} has {v} now instead of {o}.

# grade both v=grade k=subject group=grade
S {I} got {v} in {k}.
S {my} grade in {k} is {v}.
S {I} came home with {v} in {k}.
S in {k} {I} got {v}.
Q what grade did {I} get in {k}?
Q what is {my} grade in {k}?
Q how did {I} do in {k}?
Q what did {I} get in {k}?

# fav_subject both v=subject group=fav_subject
S {my} favourite subject is {v}.
S {my} best subject at school was {v}.
S {I} always liked {v} best at school.
S at school {I} liked {v} most.
S {I} was hopeless at school except in {v}.
Q what is {my} favourite subject?
Q which subject {am} {I} best at?
Q what was {my} best subject?
Q which subject did {I} like most at school?
Q what did {I} like best at school?

# studies both v=study group=study
S {I} stud[y|ies] {v}.
S {I} [am|is] studying {v}.
S {I} [am|is] doing a degree in {v}.
S {I} [am|is] a student of {v}.
S {my} degree is in {v}.
S {I} enrolled in {v} this autumn.
Q what {do} {I} study?
Q what {am} {I} studying?
Q what is {my} degree in?
Q which subject {am} {I} a student of?
Q what did {I} enrol in?
Q what's {my} field of study?
P what did {I} study before?
P what was {my} first degree course?
P what did {I} use to study?
P which subject was {I} a student of earlier?
C {I} switched from {o} to {v}.
C {I} gave up {o} and stud[y|ies] {v} now.
C {I} changed {my2} degree to {v}.
C {I} [am|is] a student of {v} now, not of {o}.
N the one who studies {v}
N the {v} student

# exam both v=when k=study group=exam
S {my} exam in {k} is on {v}.
S {I} [have|has] an exam in {k} on {v}.
S on {v} {I} [have|has] {my2} {k} exam.
S {my} {k} exam is on {v}.
S {I} will sit the {k} exam on {v}.
Q when is {my} exam in {k}?
Q when {do} {I} have {my2} {k} exam?
Q what day is {my} {k} exam?
Q on which day is {my} {k} exam?
P when was {my} {k} exam planned before?
P what was the first date of {my} {k} exam?
C {my} {k} exam was moved from {o} to {v}.
C the date of {my} {k} exam has changed to {v}.

# language both v=language group=language
S {I} [am|is] learning {v}.
S {I} started learning {v}.
S {I} take[s] lessons in {v}.
S {I} [am|is] taking a {v} course.
S {I} practise[s] {v} every evening with an app.
S {I} [am|is] trying to learn {v}, slowly.
Q which language {am} {I} learning?
Q what language did {I} start learning?
Q what {am} {I} taking lessons in?
Q which language course {am} {I} taking?
Q what {do} {I} practise every evening?
Q what language {am} {I} trying to learn?
P which language did {I} learn before?
P what language was {I} learning earlier?
C {I} gave up {o} and [am|is] learning {v} now.
C {I} [am|is] learning {v} instead of {o}.
A {I} [am|is] also learning {v}.
A {I} learn[s] {v} as well.
N the one who is learning {v}
N the person who takes {v} lessons

# speaks both v=language group=mother_tongue
S {my} mother tongue is {v}.
S {I} grew up speaking {v}.
S at home {I} speak[s] {v}.
S {my} first language is {v}.
S with {my2} parents {I} speak[s] {v}.
Q what is {my} mother tongue?
Q which language did {I} grow up speaking?
Q what language {do} {I} speak at home?
Q what is {my} first language?
N the one whose mother tongue is {v}

# thesis both v=thesis group=thesis
S {my} thesis is about {v}.
S {I} [am|is] writing a thesis on {v}.
S {I} [am|is] doing {my2} doctorate on {v}.
S {I} [am|is] writing about {v} for {my2} degree.
S {my} dissertation deals with {v}.
Q what is {my} thesis about?
Q what {am} {I} writing a thesis on?
Q what does {my} dissertation deal with?
Q what {am} {I} writing about for {my2} degree?
Q what's the topic of {my} thesis?
P what was {my} first thesis topic?
P what did {I} want to write about before?
C {I} changed {my2} topic from {o} to {v}.
C {my} thesis is now about {v}.
"""
