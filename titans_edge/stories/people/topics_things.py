"""Topics of things: where they lie, what they are, what they cost, numbers that belong to them. Data only."""

TABLE = r"""
# place thing v=spot k=item
S the {k} is {v}.
S I put the {k} {v}.
S my {k} is {v}.
S the {k} can be found {v}.
S I keep the {k} {v}, where nobody looks.
S you'll find the {k} {v}.
S I left the {k} {v}.
S if anyone asks, the {k} is {v}.
S the {k}? {v}, as always.
S {k}: {v}
Q where is the {k}?
Q where did I put the {k}?
Q where's my {k}?
Q where can the {k} be found?
Q where do I keep the {k}?
Q do you know where I left the {k}?
Q where will I find the {k}?
Q what is the place of the {k}?
Q I can't find the {k}, where is it?
P where was the {k} before?
P where did I keep the {k} earlier?
P where did I use to keep the {k}?
P where was the {k} lying before?
C the {k} is no longer {o}, it's {v}.
C I moved the {k}: it's {v} now.
C I took the {k} from where it was and put it {v}.
C the {k} is now {v}.

# places thing v=spot k=items
S the {k} are {v}.
S I put the {k} {v}.
S my {k} are {v}, where they always were.
S the {k} can be found {v}.
S I keep the {k} {v}.
S the {k} ended up {v}.
S {k}: {v}
Q where are the {k}?
Q where did I put the {k}?
Q where do I keep my {k}?
Q where can the {k} be found?
Q where have the {k} ended up?
Q I'm looking for the {k}, where are they?
P where were the {k} before?
P where did I keep the {k} earlier?
C the {k} are no longer {o}, they're {v}.
C I moved the {k}: they are {v} now.
C I took the {k} out and put them {v}.

# car both v=car group=car
S {I} drive[s] a {v}.
S {my} car is a {v}.
S {I} bought a {v}.
S {I} ha[ve|s] a {v}.
S {I} go[es] everywhere in {my2} {v}.
S {I} just picked up {my2} new car, a {v}.
S the car in front of {my} house is a {v}.
Q what car {do} {I} drive?
Q what kind of car {do} {I} have?
Q which car did {I} buy?
Q what car {do} {I} have?
Q what {do} {I} drive?
Q what is {my} car?
Q what make is {my} car?
P what car did {I} drive before?
P which car did {I} use to have?
P what was {my} old car?
P what did {I} drive before that?
C {I} sold the {o} and drive[s] a {v} now.
C {my} new car is a {v}.
C {I} traded {my2} {o} for a {v}.
C instead of the {o} {I} now ha[ve|s] a {v}.
N the one who drives a {v}
N the driver of the {v}

# plate both v=plate group=plate
S {my} number plate is {v}.
S {my} licence plate is {v}.
S {my} car has the plate {v}.
S the plate of {my} car is {v}.
S plate number of {my} car: {v}
Q what is {my} number plate?
Q what's {my} licence plate?
Q which plate does {my} car have?
Q what is the plate of {my} car?
Q what does it say on {my} number plate?
P what was {my} old number plate?
P which plate did {my} car have before?
C {my} number plate was changed from {o} to {v}.
C {my} new number plate is {v}.

# parking both v=level group=parking
S {I} parked on {v}.
S {my} car is on {v}.
S {my} parking space is on {v}.
S {I} left the car on {v}.
S the car is parked on {v}, says {I}.
Q where did {I} park?
Q where is {my} car?
Q where is {my} parking space?
Q where did {I} leave the car?
P where did {I} park before?
P where was {my} car earlier?
C {I} moved the car from {o} to {v}.
C {my} car is on {v} now, not on {o}.

# bike both v=bike group=bike
S {I} ride[s] a {v}.
S {my} bike is a {v}.
S {I} bought a bicycle by {v}.
S {I} ha[ve|s] a {v} bike.
S {my} new bicycle is a {v}.
Q what bike {do} {I} ride?
Q which make is {my} bike?
Q what bicycle did {I} buy?
Q what kind of bike {do} {I} have?
P what bike did {I} ride before?
P which bicycle did {I} use to have?
C {my} {o} was stolen, so {i2} ride[s] a {v} now.
C {I} sold the {o} and bought a {v} bike.
N the one with the {v} bike

# bike_colour both v=colour group=bike_colour
S {my} bike is {v}.
S {I} painted {my2} bike {v}.
S {my} bicycle is {v}, you can't miss it.
S {I} ha[ve|s] a {v} bicycle.
Q what colour is {my} bike?
Q in which colour did {I} paint {my2} bike?
Q which colour does {my} bicycle have?
Q what colour of bicycle {do} {I} have?

# door_colour both v=colour k=paintable group=paint
S {my} {k} is {v}.
S {I} painted {my2} {k} {v}.
S {my} {k} has been {v} since last summer.
S {I} ha[ve|s] a {v} {k}.
Q what colour is {my} {k}?
Q in which colour did {I} paint {my2} {k}?
Q which colour does {my} {k} have?
Q what colour of {k} {do} {I} have?
P what colour was {my} {k} before?
P which colour did {my} {k} use to have?
C {I} repainted {my2} {k} from {o} to {v}.
C {my} {k} is {v} now.

# bought_price both v=price k=thing_bought group=bought
S {I} paid {v} for {my2} {k}.
S {my} {k} cost {v}.
S {I} got {my2} {k} for {v}, second-hand.
S {I} bought a {k} for {v}.
S the {k} set {me} back {v}.
Q how much did {I} pay for {my2} {k}?
Q what did {my} {k} cost?
Q how much was {my} {k}?
Q for how much did {I} buy {my2} {k}?
Q what was the price of {my} {k}?
N the one who bought a {k}

# bought_shop both v=city k=thing_bought group=bought_shop
S {I} bought {my2} {k} in {v}.
S {my} {k} is from a shop in {v}.
S {I} found {my2} {k} at a market in {v}.
S {I} got {my2} {k} in {v}.
Q where did {I} buy {my2} {k}?
Q in which city did {I} find {my2} {k}?
Q where is {my} {k} from?
Q where did {I} get {my2} {k}?

# warranty thing v=date k=thing_bought
S the warranty of the {k} runs until {v}.
S the {k} is under warranty until {v}.
S the guarantee for the {k} ends on {v}.
S the {k} has a warranty until {v}.
S warranty {k}: until {v}
Q until when does the warranty of the {k} run?
Q how long is the {k} under warranty?
Q when does the guarantee for the {k} end?
Q until when does the {k} have a warranty?

# locker both v=locker k=locker_place group=locker
S {my} locker at {k} is {v}.
S at {k} {I} ha[ve|s] locker {v}.
S {I} put {my2} things in locker {v} at {k}.
S {my} locker number at {k} is {v}.
Q which locker {do} {I} have at {k}?
Q what number is {my} locker at {k}?
Q where did {I} put {my2} things at {k}?
Q what is {my} locker number at {k}?

# shopping me v=groceries
S I need to buy {v}.
S we're out of {v}.
S on the shopping list: {v}
S I have to buy {v} today.
S please put {v} on the shopping list.
S don't let me forget {v} when I go to the shops.
Q what do I need to buy?
Q what are we out of?
Q what is on my shopping list?
Q what do I have to buy today?
Q what did I want to get at the supermarket?
Q what did I put on the list?
A I also need {v}.
A and {v} are missing too.

# recipe thing v=ingredient k=food
S the secret of my {k} is {v}.
S I always put {v} in my {k}.
S my {k} gets its taste from {v}.
S into my {k} goes {v}.
S grandma's {k} needs {v}, that's the trick.
Q what is the secret of my {k}?
Q what do I always put in my {k}?
Q what gives my {k} its taste?
Q what goes into my {k}?
Q which ingredient does my {k} need?

# oven thing v=mins k=food
S my {k} has to cook for {v}.
S the {k} needs {v}.
S leave the {k} on the stove for {v}.
S the {k} takes {v}.
Q how long does my {k} have to cook?
Q how long does the {k} need?
Q for how long do I leave the {k} on the stove?
Q how long does the {k} take?

# phone_model both v=device group=device
S {my} phone is a {v}.
S {I} bought a {v}.
S {I} use[s] a {v} as {my2} phone.
S {I} ha[ve|s] a {v} phone.
Q what phone {do} {I} have?
Q which phone did {I} buy?
Q what kind of phone {do} {I} use?
Q which phone {do} {I} have?
P what phone did {I} have before?
P which phone did {I} use earlier?
C {I} replaced the {o} with a {v}.
C {my} new phone is a {v}.

# lost both v=item group=lost
S {I} lost {my2} {v}.
S {I} can't find {my2} {v} anywhere.
S {my} {v} is missing.
S {I} left {my2} {v} somewhere.
Q what did {I} lose?
Q what can't {I} find?
Q what is missing of {my} things?
Q what did {I} leave somewhere?

# ref_bike thing v=colour k=thing_bought
B I bought a new {k}.
B we have a new {k} at home.
B my new {k} arrived today.
B I finally have a {k}.
S it's {v}.
S it is {v} and quite heavy.
S I chose it in {v}.
S it comes in {v}.
Q what colour is my new {k}?
Q which colour did I choose for the {k}?
Q what colour is the {k}?
Q in what colour does my {k} come?

# ref_event thing v=clock k=event
B the {k} is tomorrow.
B I have to go to the {k}.
B we're all going to the {k}.
B I'm going to the {k}.
S it starts at {v}.
S it begins at {v}, so I can't be late.
S I have to be there at {v}.
S it begins at {v}.
Q when does the {k} start?
Q what time does the {k} begin?
Q when do I have to be at the {k}?
Q at what time does the {k} begin?

# ref_place thing v=spot k=item
B I was looking for the {k} all morning.
B the {k} turned up again.
B I've tidied away the {k}.
B at last I found the {k}.
S it's {v} now.
S I put it {v}.
S it was {v}.
S it is {v}.
Q where is the {k}?
Q where did I put the {k}?
Q where was the {k}?
Q where do I find the {k}?

# ref_restaurant thing v=street k=restaurant
B I had dinner at {k}.
B {k} is my favourite place.
B there is a new restaurant called {k}.
B I can recommend {k}.
S it's in {v}.
S it is on {v}, next to the pharmacy.
S you find it in {v}.
S it is in {v}.
Q where is {k}?
Q on which street is {k}?
Q where do I find {k}?
Q in which street is {k}?
"""
