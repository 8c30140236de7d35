"""Topics of hobbies, sports, feelings and plans. Data only; the format is in topic.py."""

TABLE = r"""
# hobby both v=hobby group=hobby
S {my} hobby is {v}.
S {my} favourite hobby is {v}.
S {I} took up {v} last year.
S {I} [am|is] into {v}.
S in {my2} free time {I} [do|does] a lot of {v}.
S {I} recently discovered {v}, and now {i2} can't stop.
S {I} spend[s] every free minute on {v}.
S most weekends go to {v} for {me}.
Q what is {my} hobby?
Q what {do} {I} do in {my2} free time?
Q which hobby did {I} take up?
Q what {am} {I} into?
Q how {do} {I} spend {my2} free time?
Q what did {I} recently discover?
Q what pastime {do} {I} have?
Q which hobby takes up {my} weekends?
P what was {my} hobby before?
P what did {I} use to do in {my2} free time?
C {I} gave up {o} for {v}.
C {my} new hobby is {v}, {o} got boring.
A {I} also enjoy[s] {v}.
A {v} is another hobby of mine.
A besides, {I} [do|does] {v}.
N the one whose hobby is {v}
N the person who is into {v}

# instrument both v=instrument group=instrument
S {I} play[s] the {v}.
S {I} ha[ve|s] been playing the {v} since childhood.
S {my} instrument is the {v}.
S {I} practise[s] the {v} every day.
S {I} [am|is] learning to play the {v}.
S {I} play[s] the {v} in a small band.
S {I} bought a second-hand {v} and take[s] lessons.
Q which instrument {do} {I} play?
Q what instrument {do} {I} play?
Q what is {my} instrument?
Q what {do} {I} practise every day?
Q which instrument {am} {I} learning?
Q what {do} {I} play in the band?
Q what musical instrument did {I} buy?
P which instrument did {I} play before?
P what instrument did {I} use to practise?
C {I} switched from the {o} to the {v}.
C {I} sold the {o} and play[s] the {v} now.
A {I} also play[s] the {v}.
A {I} play[s] the {v} as well.
N the one who plays the {v}
N the {v} player

# sport both v=sport group=sport
S {I} play[s] {v}.
S {I} [am|is] on a {v} team.
S {I} train[s] for {v} twice a week.
S {my} sport is {v}.
S {I} started with {v} at school.
Q which sport {do} {I} play?
Q what sport {do} {I} do?
Q what {do} {I} train for?
Q what is {my} sport?
Q what team {am} {I} on?
P which sport did {I} do before?
P what sport did {I} use to play?
C {I} gave up {o} and took up {v}.
C {I} changed from {o} to {v}.
N the one who plays {v}
N the {v} player

# club both v=club group=club
S {I} play[s] for {v}.
S {I} joined {v}.
S {my} club is {v}.
S {I} [am|is] a member of {v}.
S {I} ha[ve|s] been with {v} for ages.
Q which club {do} {I} play for?
Q what club did {I} join?
Q what is {my} club?
Q which club {am} {I} a member of?
Q what's the name of {my} team?
P which club did {I} play for before?
P what was {my} old club?
C {I} left {o} for {v}.
C {I} changed clubs from {o} to {v}.
N the member of {v}

# fan both v=club group=fan
S {I} support[s] {v}.
S {my} favourite team is {v}.
S {I} never miss[es] a match of {v}.
S {I} [am|is] a supporter of {v}.
S {I} ha[ve|s] a season ticket for {v}.
Q which team {do} {I} support?
Q what is {my} favourite team?
Q whose matches {do} {I} never miss?
Q which team {am} {I} a supporter of?
N the supporter of {v}

# training both v=regular k=sport group=training
S {my} {k} training is {v}.
S {I} train[s] {k} {v}.
S {I} ha[ve|s] {k} practice {v}.
S {I} go[es] to {k} training {v}.
S {k} practice for {me} is {v}.
Q when is {my} {k} training?
Q when {do} {I} train {k}?
Q when {do} {I} have {k} practice?
Q when {do} {I} go to {k} training?
P when was {my} {k} training before?
P when did {I} use to have {k} practice?
C {my} {k} training is no longer {o} but {v}.
C {my} {k} training has moved, it's {v} now.

# running both v=run group=running
S {I} ran ten kilometres in {v}.
S {my} best time over ten kilometres is {v}.
S {I} finished the race in {v}.
S {my} personal best is {v}.
S {my} record stands at {v}.
Q how fast did {I} run ten kilometres?
Q what is {my} best time over ten kilometres?
Q in what time did {I} finish the race?
Q what is {my} personal best?
Q what's {my} running record?
P what was {my} best time before?
P what was {my} old record?
C {I} improved {my2} best time from {o} to {v}.
C {my} new personal best is {v}.

# fear both v=fear group=fear
S {I} [am|is] afraid of {v}.
S {I} [am|is] scared of {v}.
S {my} biggest fear is {v}.
S {I} [am|is] terrified of {v}.
S {I} get[s] panicky because of {v}.
Q what {am} {I} afraid of?
Q what {am} {I} scared of?
Q what is {my} biggest fear?
Q what {am} {I} terrified of?
Q what makes {me} panicky?
A {I} [am|is] also afraid of {v}.
A {I} [don't|doesn't] like {v} either, {i2} [am|is] terrified.
N the one who is afraid of {v}

# dream both v=dream group=dream
S {I} dream[s] of the day when {i2} can {v}.
S {my} dream is to {v}.
S one day {I} want[s] to {v}.
S {I} ha[ve|s] always wanted to {v}.
S {I} would love to {v}, when there is time.
Q what {do} {I} dream of?
Q what is {my} dream?
Q what {do} {I} want to do one day?
Q what {have} {I} always wanted to do?
Q what would {I} love to do?
N the one who wants to {v}

# weekend both v=plan group=weekend
S {I} want[s] to {v} at the weekend.
S this weekend {I} [am|is] going to {v}.
S on Saturday {I} will {v}.
S {I} plan[s] to {v} at the weekend.
S {my} plan for the weekend is to {v}.
Q what {do} {I} want to do at the weekend?
Q what {am} {I} going to do this weekend?
Q what will {I} do on Saturday?
Q what {do} {I} plan to do at the weekend?
Q what are {my} plans for the weekend?
P what did {I} want to do at the weekend before?
P what was {my} first plan for the weekend?
C {I} changed plans: at the weekend {i2} want[s] to {v}.
C instead of what {i2} planned, {I} will {v} at the weekend.

# yesterday both v=did group=yesterday
S yesterday {I} {v}.
S {I} {v} yesterday.
S last night {I} {v}, believe it or not.
S the day before today {I} {v}.
S {I} {v}, that was yesterday's highlight.
Q what did {I} do yesterday?
Q how did {I} spend {my2} day yesterday?
Q what did I tell you about {my} day yesterday?
Q what did {I} do the day before today?

# volunteer both v=charity group=volunteer
S {I} volunteer[s] at {v}.
S {I} help[s] out at {v} on Saturdays.
S {I} give[s] {my2} free time to {v}.
S {I} work[s] as a volunteer at {v}.
S once a week {I} help[s] at {v}.
Q where {do} {I} volunteer?
Q where {do} {I} help out on Saturdays?
Q what {do} {I} give {my2} free time to?
Q where {do} {I} work as a volunteer?
Q where {do} {I} help once a week?
P where did {I} volunteer before?
P where did {I} use to help out?
C {I} stopped helping at {o} and volunteer[s] at {v} now.
C {I} volunteer[s] at {v} instead of {o}.
N the volunteer at {v}

# zodiac both v=star group=zodiac
S {my} star sign is {v}.
S {I} [am|is] a {v}.
S {my} zodiac sign is {v}, whatever that means.
S {I} [have|has] the star sign {v}.
Q what is {my} star sign?
Q which zodiac sign {am} {I}?
Q what's {my} sign?
Q which star sign {do} {I} have?

# collects both v=collectable group=collects
S {I} collect[s] {v}.
S {I} ha[ve|s] a huge collection of {v}.
S {my} shelves are full of {v}.
S {I} [am|is] a collector of {v}.
Q what {do} {I} collect?
Q what {do} {I} have a huge collection of?
Q what are {my} shelves full of?
Q what {am} {I} a collector of?
N the collector of {v}
"""
