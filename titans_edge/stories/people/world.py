"""What people ask of anybody: the world, advice, texts, small talk; nothing told. Data only."""

WORLD = r"""
What is the largest desert on Earth?
Who wrote the Odyssey?
When was the printing press invented?
How many legs does a spider have?
Which planet is closest to the Sun?
What is 250 divided by 5?
How much is 15 percent of 80?
Is 57 divisible by 3?
What is the next number in 2, 4, 8, 16?
Solve 3x + 4 = 19.
Convert 10 miles to kilometres.
How many ounces are in a kilogram?
How many seconds are in an hour?
How many days does February have in a leap year?
How many degrees are in a triangle?
How many players are on a volleyball team?
How many keys does a piano have?
How many hearts does an octopus have?
How many states does the USA have?
How many chambers does the heart have?
What is the capital of Norway?
What is the capital city of Kenya?
Which country is Machu Picchu in?
Which ocean lies between Europe and America?
Which is the highest mountain in Africa?
What is the longest bone in the body?
Which river flows through Vienna?
What's the population of Japan?
What's the official language of Brazil?
What currency is used in Sweden?
Which country invented paper?
In which year did man land on the moon?
When did the First World War begin?
When did the Roman Empire fall?
Who was Cleopatra?
Who was the first woman in space?
Who invented the steam engine?
Who discovered radium?
Who painted the ceiling of the Sistine Chapel?
Who composed The Magic Flute?
Who was king of France during the revolution?
Who directed Casablanca?
Who plays James Bond?
Which band recorded Abbey Road?
What is the theory of relativity?
What is a vector in mathematics?
What is a noun?
What is machine learning?
What is an API?
What is the stock market?
What is democracy?
What is gluten?
What is the pH of lemon juice?
What is the atomic number of carbon?
What is the chemical formula of table salt?
What is the speed of light?
What is the circumference of the Earth?
What is the distance between London and Rome?
What is the difference between a crocodile and an alligator?
What is the difference between jam and marmalade?
What's the difference between HTTP and HTTPS?
What are the primary colours?
What are the planets of the solar system?
What are the ingredients of pesto?
What are the symptoms of a migraine?
What are the rules of backgammon?
What does DNA stand for?
What does the word 'serendipity' mean?
What does a cardiologist do?
What does 'déjà vu' mean?
What is the past tense of 'swim'?
What is the plural of 'mouse'?
What rhymes with 'orange'?
What is another word for 'tired'?
How do you spell 'necessary'?
How do you say 'good night' in French?
How do you say 'where is the station' in Italian?
Translate 'I love the sea' into German.
Translate this into Spanish: the house is big.
Is it 'who' or 'whom'?
Correct the grammar: she don't like apples.
Rewrite this more politely: send me the file.
Why is the ocean salty?
Why do we dream?
Why do birds migrate?
Why does ice float?
Why does metal rust?
Why do people yawn?
Why was the Great Wall of China built?
How does a refrigerator work?
How does GPS work?
How do plants make oxygen?
How do airplanes stay in the air?
How do earthquakes happen?
How is cheese made?
How is glass recycled?
How old is the universe?
How tall is the Eiffel Tower?
How deep is the Pacific?
How hot is the surface of the Sun?
How long is a marathon?
How long do elephants live?
How long does it take to fly from London to New York?
How far is Mars?
How fast can a cheetah run?
How big is a football pitch?
How much does a blue whale weigh?
How much sleep does a baby need?
How much protein is in an egg?
How often should I water a cactus?
How do I bake a potato?
How do I make an omelette?
How do I cook rice without burning it?
How do I peel garlic quickly?
How do I get ink out of a shirt?
How do I get chewing gum out of hair?
How do I unclog a drain?
How do I fix a leaking tap?
How do I hang a picture straight?
How do I iron a shirt?
How do I fold a fitted sheet?
How do I sharpen a knife?
How do I paint a wall?
How do I get rid of fruit flies?
How do I keep slugs off my lettuce?
How do I repot an orchid?
How do I take a screenshot?
How do I undo a commit in git?
How do I sort a dictionary by value in Python?
How do I center a div?
How do I write a loop in C?
How do I merge two lists?
How do I reset a router?
How do I speed up my laptop?
How do I back up my phone?
How do I delete a file in Linux?
How do I start a conversation with a stranger?
How do I say no without being rude?
How do I stop procrastinating?
How do I prepare for an exam?
How do I deal with stress?
How do I save money?
How do I apologise to a friend?
How do I ask someone out?
How do I calculate the area of a circle?
How do I treat a burn?
How do I stop a nosebleed?
How do I improve my posture?
How do I train for a 10k run?
How do I do a push-up correctly?
How do I tune a ukulele?
How do I learn to draw?
How do I tie a tie?
How do I change a light bulb?
How do I jump-start a car?
How do I pump up a tyre?
How do I read sheet music?
Can I put aluminium in the microwave?
Can I freeze soup?
Can cats drink milk?
Can you eat the skin of a kiwi?
Can you get sunburnt on a cloudy day?
Is it safe to eat raw eggs?
Is coffee bad for you?
Is Pluto a planet?
Is a whale a fish?
Is Python faster than Java?
Are mushrooms plants?
Are there snakes in Ireland?
Do fish sleep?
Do penguins have knees?
Does honey go bad?
Does lightning ever strike twice?
Did the Vikings reach America?
Should I learn Rust or Go?
Should I tip in Japan?
Should I take vitamins?
What should I do if I lose my passport?
What should I cook for four people?
What should I do with old batteries?
What should I look for when I buy a used laptop?
What can I make with leftover bread?
What can I do against hiccups?
What can I read if I like detective stories?
What would happen if the Moon disappeared?
What would you do with a million dollars?
Where is the Bermuda Triangle?
Where do kangaroos live?
Where does chocolate come from?
Where can I learn to code for free?
When should I prune roses?
When is Easter?
When do clocks go back?
Which vitamins are in oranges?
Which metals are magnetic?
Which gas do we breathe out?
Which animal is the fastest?
Which language is easiest to learn?
Which dinosaur was the biggest?
Which wine goes with fish?
Which programming language should a beginner learn?
Which is heavier, a ton of feathers or a ton of bricks?
Write a poem about the sea.
Write a limerick about a baker.
Write a thank-you note for a teacher.
Write a short horror story.
Write a slogan for a bicycle shop.
Write a cover letter for a job in a library.
Write a function that reverses a string.
Write an SQL query that counts rows.
Write a toast for a wedding.
Write a polite complaint to an airline.
Give me a riddle.
Give me a word that starts with q.
Give me three ideas for a birthday party.
Give me a simple recipe for lentil soup.
Give me a workout for ten minutes.
Give me an example of a metaphor.
Give me two synonyms for 'brave'.
Tell me a joke about teachers.
Tell me a fun fact.
Tell me about the Aztecs.
Tell me a bedtime story.
Tell me how a clock works.
Name four kinds of cheese.
Name an animal that lays eggs.
Name the seven continents.
List the months in French.
List three uses for vinegar.
Explain gravity to a child.
Explain the water cycle.
Explain what a mortgage is in one sentence.
Explain the rules of chess.
Describe a sunset.
Describe the taste of mango.
Summarise the story of Romeo and Juliet.
Compare cats and dogs.
Suggest a name for a puppy.
Suggest a title for a song about winter.
Suggest a healthy snack.
Recommend a book for a long train ride.
Recommend a good board game.
Make up a name for a dragon.
Make a packing list for a weekend trip.
Make a pun about bread.
Plan a menu for a dinner party.
Finish this sentence: once upon a time.
Imagine you are a pirate and say hello.
Let's play a word game.
Pick a number between one and ten.
Flip a coin for me.
Sing me a lullaby.
Help me with my homework about volcanoes.
Help me choose a colour for the bathroom.
Help me write a speech.
I can't concentrate. What helps?
I'm bored. What can I do?
I'm nervous about a presentation, any tips?
I'm hungry. What can I cook in ten minutes?
I have a headache, what should I do?
I have eggs, flour and milk. What can I bake?
I have a cold, should I go running?
I need a gift for a ten-year-old.
I need a password idea.
I want to learn the piano. Where do I begin?
I want to lose weight. How do I start?
I want to write a novel and don't know how to begin.
I want to visit Iceland. What should I see?
I don't understand fractions. Can you help?
I don't know what to wear.
My phone is wet, what now?
My bread doesn't rise. Why?
My dog barks all night, what can I do?
My basil is dying. What am I doing wrong?
My code throws an index error, why?
My neighbour is too loud. What should I do?
My back hurts from sitting. Any exercises?
Can you write a haiku about the moon?
Can you explain photosynthesis?
Can you recommend a podcast?
Can you suggest a hobby?
Can you tell me a story about a fox?
Can you help me plan a trip to Portugal?
Can you count to ten in Japanese?
Can you draw a cat with letters?
Can you do my taxes?
Can you think of a rhyme for 'moon'?
Could you proofread a sentence for me?
Would you rather fly or be invisible?
Do you like music?
Do you know any magic tricks?
Do you sleep?
Are you a human?
Are you ChatGPT?
Who are you?
Who made you?
What are you?
What can you do?
What do you think about art?
What's your favourite colour?
What's your name?
How are you today?
How old are you?
Where are you from?
What's up?
What time zone is Tokyo in?
What's a good name for a cat?
What's a good way to relax?
What's the best way to clean a window?
What's the best way to remember names?
What's the tallest animal?
What's the smallest bird?
What's the boiling point of alcohol?
What's the weather like in Spain in March?
What's the meaning of the word 'ubiquitous'?
What's the point of daylight saving time?
What's 12 times 12?
What is 99 minus 46?
"""
