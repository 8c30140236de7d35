"""Topics of tastes, hobbies and feelings. Data only; the format is in topic.py."""

TABLE = r"""
# fav_food both v=food group=fav_food
S {my} favourite food is {v}.
S {I} love[s] {v}.
S {my} favourite dish is {v}.
S {I} like[s] {v} best of all.
S {I} could eat {v} every day.
S nothing beats {v} for {me}.
S {I} [am|is] crazy about {v}, the spicier the better.
Q what is {my} favourite food?
Q what food {do} {I} love?
Q what's {my} favourite dish?
Q which dish {do} {I} like best?
Q what could {I} eat every day?
Q what {do} {I} like to eat?
P what was {my} favourite food before?
P which dish did {I} use to like best?
C {my} favourite food isn't {o} any more, it's {v}.
C {I} went off {o}; {my2} favourite dish is {v} now.
A {I} also like[s] {v}.
A {v} is great too, {I} often eat[s] it.
A another dish {I} enjoy[s] is {v}.
N the one who loves {v}

# dislike_food both v=vegetable group=dislike
S {I} can't stand {v}.
S {I} hate[s] {v}.
S {I} [don't|doesn't] like {v}.
S {I} never eat[s] {v}.
S please no {v} for {me}, ever.
Q what can't {I} stand?
Q which vegetable {do} {I} hate?
Q what food {do} {I} dislike?
Q what {do} {I} never eat?
Q3 what should I not cook for {me}?
A {I} [don't|doesn't] like {v} either.
A and {I} hate[s] {v} as well.
N the person who hates {v}

# fav_drink both v=drink group=fav_drink
S {my} favourite drink is {v}.
S {I} like[s] to drink {v}.
S {I} always order[s] {v}.
S {I} drink[s] {v} most of the time.
S for {me} it's always {v}, please.
Q what is {my} favourite drink?
Q what {do} {I} like to drink?
Q what {do} {I} always order?
Q what {do} {I} drink most of the time?
Q3 which drink should I offer {me}?
P what did {I} drink before?
P what was {my} favourite drink earlier?
C {I} drink[s] {v} now instead of {o}.
C {my} favourite drink has changed from {o} to {v}.
A {I} also like[s] {v}.
A {I} drink[s] {v} as well.

# fav_colour both v=colour group=fav_colour
S {my} favourite colour is {v}.
S {I} like[s] {v} best.
S {I} wear[s] {v} whenever possible, {my2} favourite colour.
S of all colours {I} like[s] {v} most.
S {I} love[s] the colour {v}.
Q what is {my} favourite colour?
Q which colour {do} {I} like best?
Q what colour {do} {I} love?
Q which colour {do} {I} like most?
P what was {my} favourite colour before?
P which colour did {I} like earlier?
C {my} favourite colour is {v} now, not {o}.
C {I} changed {my2} mind: {my2} favourite colour is {v}.

# fav_film both v=film group=fav_film
S {my} favourite film is {v}.
S the film {I} love[s] most is {v}.
S {I} ha[ve|s] seen {v} at least ten times.
S {I} like[s] the film {v} more than any other.
S {my} favourite movie: {v}
Q what is {my} favourite film?
Q which film {do} {I} love most?
Q which film {have} {I} seen at least ten times?
Q which film {do} {I} like more than any other?
Q what's {my} favourite movie?
A {I} also like[s] the film {v}.
A another film {I} love[s] is {v}.
N the one whose favourite film is {v}

# fav_band both v=band group=fav_band
S {my} favourite band is {v}.
S {I} mostly listen[s] to {v}.
S {I} love[s] the music of {v}.
S {I} [am|is] a big fan of {v}.
S {I} ha[ve|s] every record by {v}.
S {I} saw {v} live twice.
Q what is {my} favourite band?
Q who {do} {I} mostly listen to?
Q whose music {do} {I} love?
Q which band {am} {I} a fan of?
Q what music {do} {I} like?
Q which band did {I} see live?
P what was {my} favourite band before?
P who did {I} use to listen to?
C {my} favourite band is {v} now, not {o}.
C {I} [don't|doesn't] listen to {o} any more, only to {v}.
A {I} also listen[s] to {v}.
A {I} like[s] {v} as well.
N the fan of {v}

# fav_book both v=book group=fav_book
S {my} favourite book is {v}.
S the book {I} love[s] most is {v}.
S {I} ha[ve|s] read {v} five times.
S {I} like[s] the book {v} best.
S no book means more to {me} than {v}.
Q what is {my} favourite book?
Q which book {do} {I} love most?
Q which book {have} {I} read five times?
Q which book {do} {I} like best?
Q what novel means most to {me}?
N the one whose favourite book is {v}

# reading both v=book group=reading
S {I} [am|is] reading {v}.
S at the moment {I} [am|is] reading {v}.
S {I} started reading {v} last night.
S {I} [am|is] in the middle of {v}.
S the book on {my} bedside table is {v}.
Q what {am} {I} reading?
Q which book {am} {I} reading at the moment?
Q what did {I} start reading?
Q which book {am} {I} in the middle of?
Q what's on {my} bedside table?
P what did {I} read before?
P which book was {I} reading earlier?
C {I} finished {o} and [am|is] reading {v} now.
C {I} gave up on {o} and started {v}.

# watching both v=show group=watching
S {I} [am|is] watching {v}.
S the series {I} [am|is] watching is {v}.
S {I} [am|is] hooked on {v}, one episode every night.
S in the evenings {I} watch[es] {v}.
S {I} started watching {v} with friends.
Q which series {am} {I} watching?
Q what show {am} {I} hooked on?
Q what {am} {I} watching?
Q what {do} {I} watch in the evenings?
Q which programme did {I} start watching?
P which series did {I} watch before?
P what show was {I} watching earlier?
C {I} finished {o} and [am|is] watching {v} now.
C {I} gave up on {o} and switched to {v}.

# fav_game both v=game group=fav_game
S {my} favourite game is {v}.
S {I} love[s] playing {v}.
S {I} could play {v} all day.
S {I} play[s] {v} every weekend.
Q what is {my} favourite game?
Q what {do} {I} love playing?
Q what could {I} play all day?
Q which game {do} {I} play every weekend?
A {I} also play[s] {v}.
A another game {I} like[s] is {v}.

# pizza both v=topping group=pizza
S {I} like[s] {my2} pizza with {v}.
S on {my} pizza there must be {v}.
S {I} always ha[ve|s] {v} on pizza.
S {I} order[s] pizza with {v}.
Q how {do} {I} like {my2} pizza?
Q what must be on {my} pizza?
Q which topping {do} {I} always have?
Q what {do} {I} order on pizza?

# restaurant both v=restaurant group=restaurant
S {my} favourite restaurant is {v}.
S {I} love[s] to eat at {v}.
S {I} always go[es] to {v} for dinner.
S {I} like[s] the restaurant {v} best.
S the best place to eat is {v}, says everyone who asked {me}.
Q what is {my} favourite restaurant?
Q where {do} {I} love to eat?
Q where {do} {I} always go for dinner?
Q which restaurant {do} {I} like best?
"""
