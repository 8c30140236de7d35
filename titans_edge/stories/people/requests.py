"""Messages in the first person that ask for no told fact: advice, help, the world, texts to write. Data only."""

REQUESTS = r"""
what should I cook tonight?
can you help me write a letter to my landlord?
how do I boil an egg?
what is the capital of {country}?
write me a poem about my {pet}.
can you suggest a name for my {pet}?
what should I give my {relation_extra} for a birthday?
how can I fall asleep faster?
what's a good recipe for {food}?
how long do I have to cook {vegetable}?
I need an idea for a present, what do you suggest?
explain {study} to me in simple words.
how do I learn to play the {instrument}?
can you translate "good evening" into {language}?
how do I say "thank you" in {language}?
what is the weather usually like in {city} in {month}?
recommend me a book like {book}.
which film should I watch tonight?
who directed {film}?
who wrote {book}?
is {film} worth watching?
how far is it from {city} to {city2}?
what can I see in {city}?
plan a weekend in {city} for me.
how do I get from {city} to {city2} by train?
how many people live in {city}?
what language do they speak in {country}?
what do people eat in {country}?
should I learn {language} or something else?
give me three tips for my job interview.
how do I ask my boss for a raise?
help me write an application as a {job}.
what does a {job} do all day?
how do I become a {job}?
how much does a {job} earn on average?
write a short story about a {job} and a {pet}.
make up a joke about a {job}.
can a {pet} eat {fruit}?
what do I feed a {pet}?
how old can a {pet} get?
is a {breed} a good dog for a flat?
how do I teach my dog to sit?
my {pet} won't eat, what should I do?
what helps against {illness}?
what can I do about a sore {bodypart}?
what are the side effects of {medicine}?
can I take {medicine} with {drink}?
what is {medicine} for?
is it dangerous to eat {fruit} with an allergy?
what can I eat instead of {grocery}?
what is a {diet} diet?
give me a {diet} recipe for tonight.
how do I get rid of the fear of {fear}?
how do I start with {hobby}?
what do I need for {hobby}?
explain the rules of {sport} to me.
how many players are in a {sport} team?
how do I win at {game}?
what are the rules of {game}?
how do I prune a {plant}?
why does my {plant} have yellow leaves?
when should I plant {vegetable}?
how do I clean the {appliance}?
how do I repair {fault} in my {appliance}?
my {appliance} makes a strange noise, any ideas?
which {appliance} would you buy?
is a {make} a reliable car?
what is the difference between a {make} and a {make2}?
should I buy a {thing_bought} new or second-hand?
what should I look for when I buy a {thing_bought}?
how do I remove a stain from my {thing_bought}?
what is {number} times {number2}?
how much is {number} percent of {number2}?
can you add {number} and {number2} for me?
convert {number} euros into pounds for me.
how many minutes are in {small} hours?
tell me a joke.
tell me something about {country}.
tell me a story about a {pet} in {city}.
sing me a song about {fruit}.
write a haiku about {month}.
write a birthday card for my {relation_extra}.
write an e-mail to my boss that I am ill today.
write a complaint about a late delivery for me.
help me with a speech for my brother's wedding.
can you check my grammar, please?
can you correct this sentence for me?
please summarise the plot of {book} for me.
what is {book} about?
what kind of music is {band}?
recommend me music like {band}.
which song by {band} should I hear first?
what is the series {show} about?
should I watch {show}?
how many seasons does {show} have?
how do I make {drink}?
how much caffeine is in {drink}?
is {drink} healthy?
what goes well with {food}?
which wine goes with {food}?
how many calories does {food} have?
can I freeze {food}?
how do I keep {vegetable} fresh?
what should I wear to a wedding?
what should I pack for {country}?
do I need a visa for {country}?
which vaccinations do I need for {country}?
what currency do I need in {country}?
is it safe to travel to {country}?
what is the best time to visit {country}?
why is the sky blue?
why do cats purr?
how does a {instrument} make sound?
who invented the {appliance}?
what is the tallest mountain in {country}?
what is the history of {city}?
who was the first person on the moon?
when did the war end?
how do vaccines work?
how does a heat pump work?
what is inflation?
what does "ambiguous" mean?
what's the opposite of "generous"?
how do you spell "rhythm"?
give me a synonym for "happy".
I feel a bit sad today, can you cheer me up?
I can't decide between {food} and {food2}, what do you think?
I'm bored, what can I do?
I'm tired, but I have to work. Any advice?
I have a headache, what should I do?
I want to lose weight, how do I start?
I want to save money, do you have tips?
I had a fight with my {relation_extra}, how do I make up?
I'm nervous about an exam, what helps?
I'm hungry, what can I make in ten minutes?
I would like to learn {language}, where do I begin?
I don't understand {study}, can you explain it?
how should I prepare for a trip to {city}?
help me plan a party for {small} people.
make me a shopping list for {food}.
make me a training plan for a marathon.
give me a packing list for camping.
give me ideas for a rainy Sunday.
give me a riddle.
let's play a word game.
can you quiz me on {subject}?
ask me a question about {country}.
can you help me with my {subject} homework?
explain fractions to my {child}.
what can I do with my {child} on a rainy day?
which books are good for a child of {small}?
how do I get my {child} to sleep?
how do I tell my {relation_extra} that I'm moving?
how do I write a good {subject} essay?
what's a polite way to say no to my neighbour?
how do I end a letter to my bank?
how do I cancel a contract with {insurer}?
which bank would you recommend to me?
should I rent or buy a flat?
what do I have to pay attention to in a rental contract?
may my landlord raise the rent just like that?
what are my rights if a flight is late?
what do I do if I lose a passport?
how do I choose a safe password?
how do I set up a wifi router?
how do I open a jar that's stuck?
how do I tie a bow tie?
how do I change a tyre?
how do I iron a shirt?
how do I hang a picture straight?
how do I paint a room {colour}?
which colour goes with {colour}?
what do you call the young of a {pet}?
can you count to ten in {language}?
name three cities in {country}.
name five famous people called {first}.
what does the name {first} mean?
is {first} a common name?
what is a good name for a company that sells {thing_bought}s?
write a slogan for {company}.
what's your favourite colour?
what can you do for me?
who are you?
how are you today?
can you keep a secret?
do you like {food}?
have you ever been to {city}?
which team will win the cup?
what day of the week is best for a party?
how many days are there in {month}?
what happened in the year {since}?
write a Python function that sorts a list for me.
how do I make a table in a spreadsheet?
turn this into a formal text for me.
could you speak more simply, please?
can you say that again?
thank you, that helps me a lot.
never mind, I'll do it myself.
what do you think I should do?
should I call the doctor?
should I take an umbrella today?
what should I do if I forget a birthday?
how often should I water a {plant}?
how often should I see a {doctor_kind}?
what does a {doctor_kind} do?
what questions should I ask my {doctor_kind}?
what do I say at a {event}?
how do I organise a {event}?
what is the best way to store a {thing_bought}?
"""
