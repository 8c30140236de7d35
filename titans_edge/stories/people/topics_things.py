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

# order thing v=order k=shop
S my order number at the {k} is {v}.
S the {k} order has the number {v}.
S order number from the {k}: {v}
S the number of my order at the {k} is {v}.
S I ordered from the {k}, the number is {v}.
Q what is my order number at the {k}?
Q which number does the {k} order have?
Q what's the order number from the {k}?
Q what is the number of my order at the {k}?
Q what number do I tell the {k}?
P what was my earlier order number at the {k}?
P which number did the first {k} order have?
C the {k} order was cancelled and made again, its number is {v} now.
C my order number at the {k} is not {o}, it's {v}.

# delivery thing v=when k=shop
S the parcel from the {k} arrives on {v}.
S the delivery from the {k} comes on {v}.
S the {k} delivers on {v}.
S the {k} parcel should be here on {v}.
S the {k} says they will deliver on {v}.
Q when does the parcel from the {k} arrive?
Q when does the delivery from the {k} come?
Q what day does the {k} deliver?
Q when should the {k} parcel be here?
P when should the {k} parcel have come first?
P what was the first delivery date of the {k}?
C the delivery from the {k} was put off from {o} to {v}.
C the {k} parcel is late, it comes on {v}.

# invoice thing v=order k=person_mr
S the invoice number from {k} is {v}.
S {k}'s invoice has the number {v}.
S invoice from {k}: {v}
S the number on {k}'s invoice is {v}.
Q what is the invoice number from {k}?
Q which number does {k}'s invoice have?
Q what's the number of the invoice from {k}?
Q what is the number on {k}'s invoice?

# invoice_sum thing v=price k=person_mr
S the invoice from {k} comes to {v}.
S {k} charged me {v}.
S I have to pay {k} {v}.
S I owe {k} {v}.
S {k}'s bill was {v}, more than I thought.
Q how much is the invoice from {k}?
Q what did {k} charge me?
Q how much do I have to pay {k}?
Q how much do I owe {k}?
Q what did {k}'s bill come to?

# insurance both v=insurer k=insurable group=insurance
S {my} {k} is insured with {v}.
S {I} ha[ve|s] {my2} {k} insured at {v}.
S {my} {k} insurance is with {v}.
S {v} insures {my} {k}.
S the insurance for {my} {k} is at {v}.
Q who is {my} {k} insured with?
Q where is {my} {k} insured?
Q which company is {my} {k} insurance with?
Q who insures {my} {k}?
P who was {my} {k} insured with before?
P which insurance did {I} have for {my2} {k} earlier?
C {I} moved {my2} {k} insurance from {o} to {v}.
C {my} {k} is insured with {v} now.

# policy me v=order k=insurable
S the policy number of my {k} insurance is {v}.
S my {k} insurance has the number {v}.
S {k} insurance, policy number {v}
S my policy number for the {k} is {v}.
Q what is the policy number of my {k} insurance?
Q which number does my {k} insurance have?
Q what's the number of the {k} insurance?
Q what is my policy number for the {k}?

# bank both v=bank group=bank
S {I} bank[s] with {v}.
S {my} bank is {v}.
S {I} ha[ve|s] {my2} account at {v}.
S {my} account is with {v}.
S {I} opened an account at {v}.
Q which bank {am} {I} with?
Q what is {my} bank?
Q where {do} {I} have {my2} account?
Q which bank is {my} account with?
Q where did {I} open an account?
P which bank was {I} with before?
P what was {my} old bank?
P where did {I} use to have {my2} account?
C {I} changed banks from {o} to {v}.
C {my} new bank is {v}.
C {I} closed the account at {o} and went to {v}.
N the customer of {v}

# account me v=iban k=bank
S my account number at {k} is {v}.
S my {k} account has the number {v}.
S account number, {k}: {v}
S the number of my account at {k} is {v}.
Q what is my account number at {k}?
Q which number does my {k} account have?
Q what's my bank account number at {k}?
Q what is the number of my account at {k}?

# budget me v=price k=budget_for
S my budget for {k} is {v}.
S I want to spend {v} on {k} at most.
S for {k} I have put aside {v}.
S I can spend {v} on {k}.
S we agreed on {v} for {k}.
Q what is my budget for {k}?
Q how much do I want to spend on {k}?
Q how much have I put aside for {k}?
Q how much can I spend on {k}?
Q what sum did we agree on for {k}?
P what was my budget for {k} before?
P how much did I want to spend on {k} at first?
C I raised the budget for {k} from {o} to {v}.
C my budget for {k} is {v} now.
C {o} was not enough for {k}, so it's {v}.

# savings both v=price k=savings_for group=savings
S {I} ha[ve|s] saved {v} for {k}.
S {I} put away {v} for {k}.
S {my} savings for {k} are {v}.
S {I} saved up {v} for {k}.
Q how much {have} {I} saved for {k}?
Q how much did {I} put away for {k}?
Q how much are {my} savings for {k}?
Q how much did {I} save up for {k}?

# subscription me v=price k=subscription
S I pay {v} a month for {k}.
S my subscription to {k} costs {v}.
S {k} costs me {v} a month.
S the monthly fee for {k} is {v}.
S I signed up for {k}, it's {v} a month.
Q how much do I pay for {k}?
Q what does my subscription to {k} cost?
Q what does {k} cost me?
Q what is the monthly fee for {k}?
P how much did {k} cost before?
P what was the old price of {k}?
C {k} went up from {o} to {v}.
C the price of {k} is {v} now.

# subscription_end me v=date k=subscription
S my subscription to {k} ends on {v}.
S I have to cancel {k} by {v}.
S {k} runs until {v}.
S my contract with {k} ends on {v}.
Q when does my subscription to {k} end?
Q by when do I have to cancel {k}?
Q until when does {k} run?
Q when does my contract with {k} end?

# password_hint me v=hint k=account_kind
S the hint for my {k} password is {v}.
S my {k} password has to do with {v}.
S password hint for {k}: {v}
S as a hint for the {k} password I chose {v}.
Q what is the hint for my {k} password?
Q what does my {k} password have to do with?
Q what's the password hint for {k}?
Q which hint did I choose for the {k} password?

# member_no me v=order k=membership
S my membership number at {k} is {v}.
S at {k} I'm member number {v}.
S my card for {k} has the number {v}.
S my member number for {k} is {v}.
Q what is my membership number at {k}?
Q which member number do I have at {k}?
Q what number is on my card for {k}?
Q what is my member number for {k}?

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
