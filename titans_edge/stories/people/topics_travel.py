"""Topics of journeys. Data only; the format is in topic.py."""

TABLE = r"""
# trip both v=trip group=trip
S {I} [am|is] going to {v} in the summer.
S {I} booked a trip to {v}.
S {my} next holiday is in {v}.
S {I} want[s] to go to {v} on holiday.
S {I} fl[y|ies] to {v} next month.
S in autumn {I} [am|is] off to {v} for two weeks.
Q where {am} {I} going in the summer?
Q where did {I} book a trip to?
Q where is {my} next holiday?
Q where {do} {I} want to go on holiday?
Q what's the destination of {my} flight next month?
Q where {am} {I} travelling to?
P where did {I} want to go on holiday before?
P what was {my} first idea for the holiday?
P where was {I} going to travel at first?
C {I} [am|is] going to {v} instead of {o}.
C {my} holiday is not in {o} after all, it's in {v}.
C {I} changed {my2} trip from {o} to {v}.
N the one who is going to {v}

# trip_when both v=month_when k=trip group=trip_when
S {I} [am|is] travelling to {k} in {v}.
S {my} trip to {k} is planned for {v}.
S {I} will be in {k} in {v}.
S {my} journey to {k} is in {v}.
Q when {am} {I} travelling to {k}?
Q when is {my} trip to {k}?
Q when will {I} be in {k}?
Q when is {my} journey to {k}?
P when was {my} trip to {k} planned before?
P when did {I} want to go to {k} first?
C {my} trip to {k} was moved from {o} to {v}.
C {I} will not go to {k} in {o} but in {v}.

# trip_length both v=years k=trip group=trip_length
S {I} will stay in {k} for {v}.
S {I} plan[s] to spend {v} in {k}.
S {my} stay in {k} will last {v}.
S {I} [am|is] going to be in {k} for {v}.
Q how long will {I} stay in {k}?
Q how much time {do} {I} plan to spend in {k}?
Q how long will {my} stay in {k} last?
Q for how long {am} {I} going to be in {k}?

# been both v=trip group=been
S {I} spent {my2} last holiday in {v}.
S last year {I} went to {v}.
S {I} [am|is] just back from {v}.
S {I} was in {v} last year.
Q where did {I} spend {my2} last holiday?
Q where did {I} go last year?
Q where {am} {I} just back from?
Q where was {I} last year?

# flight_time both v=time k=city group=flight
S {my} flight to {k} leaves at {v}.
S {I} fl[y|ies] to {k} at {v}.
S {my} plane to {k} takes off at {v}.
S {my} flight to {k} is at {v}.
S the flight to {k} that {I} booked goes at {v}.
Q when does {my} flight to {k} leave?
Q when {do} {I} fly to {k}?
Q what time does {my} plane to {k} take off?
Q what time is {my} flight to {k}?
P when did {my} flight to {k} leave before?
P what was the original time of {my} flight to {k}?
P when was {my} plane to {k} supposed to leave?
C {my} flight to {k} was moved from {o} to {v}.
C {my} flight to {k} is delayed until {v}.
C the airline changed {my} flight to {k} to {v}.

# flight_no both v=flight k=city group=flight_no
S {my} flight to {k} is {v}.
S {I} [am|is] on flight {v} to {k}.
S the number of {my} flight to {k} is {v}.
S {my} flight number to {k} is {v}.
Q which flight to {k} {am} {I} on?
Q what is {my} flight number to {k}?
Q what's the number of {my} flight to {k}?
Q which flight number {do} {I} have to {k}?

# gate thing v=gate k=city
S the flight to {k} leaves from gate {v}.
S boarding for {k} is at gate {v}.
S gate {v} is where the {k} flight goes from.
S we leave for {k} from gate {v}.
Q which gate does the flight to {k} leave from?
Q where is boarding for {k}?
Q what gate do I have to go to for {k}?
Q from which gate do we leave for {k}?
P which gate was it before for {k}?
P what was the first gate for {k}?
C the gate for {k} changed from {o} to {v}.
C the flight to {k} now goes from gate {v}.

# train_time both v=clock k=city group=train
S {my} train to {k} leaves at {v}.
S {I} take[s] the train to {k} at {v}.
S {my} train to {k} goes at {v}.
S {my} train to {k} departs at {v}.
S {I} booked the train to {k} at {v}, with a seat by the window.
Q when does {my} train to {k} leave?
Q when {do} {I} take the train to {k}?
Q what time does {my} train to {k} go?
Q at what time does {my} train to {k} depart?
Q what is the departure time of {my} train to {k}?
P when was {my} train to {k} going to leave before?
P what time was {my} first train to {k}?
C {my} train to {k} leaves at {v} instead of {o}.
C {I} rebooked to the {v} train to {k}.
C {my} train to {k} was moved from {o} to {v}.

# platform thing v=platform k=city
S the train to {k} leaves from platform {v}.
S for {k} I have to go to platform {v}.
S the {k} train is on platform {v}.
S the train for {k} departs from platform {v}.
Q from which platform does the train to {k} leave?
Q which platform do I have to go to for {k}?
Q what platform is the {k} train on?
Q from what platform does the train for {k} depart?
P which platform was the {k} train on before?
P what was the first platform for {k}?
C the train to {k} now leaves from platform {v}.
C the {k} train was moved from platform {o} to platform {v}.

# seat both v=seat k=city group=seat
S {my} seat on the train to {k} is {v}.
S {I} ha[ve|s] seat {v} to {k}.
S on the way to {k} {I} sit[s] in seat {v}.
S {my} seat to {k} is {v}.
Q what is {my} seat on the train to {k}?
Q which seat {do} {I} have on the train to {k}?
Q where {do} {I} sit on the way to {k}?
Q what seat is booked for {me} to {k}?

# hotel both v=hotel k=city group=hotel
S in {k} {I} [am|is] staying at {v}.
S {my} hotel in {k} is {v}.
S {I} booked {v} in {k}.
S {I} [am|is] staying at {v} in {k}.
S for {k} {I} reserved a room at {v}.
Q where {am} {I} staying in {k}?
Q what is {my} hotel in {k}?
Q which hotel did {I} book in {k}?
Q at which hotel {am} {I} staying in {k}?
Q where did {I} reserve a room in {k}?
P where was {I} going to stay in {k} before?
P which hotel in {k} did {I} book first?
P what was {my} first hotel in {k}?
C {I} cancelled {o} in {k} and booked {v}.
C {my} hotel in {k} is {v} now, not {o}.
C {o} was full, so {I} will stay at {v} in {k}.

# hotel_room me v=hotel_room k=hotel
S my room at {k} is {v}.
S I'm in room {v} at {k}.
S at {k} they gave me room {v}.
S I have room {v} at {k}.
Q what is my room at {k}?
Q which room am I in at {k}?
Q which room did they give me at {k}?
Q what room do I have at {k}?
P which room did I have at {k} before?
P what was my first room at {k}?
C at {k} I had to change from {o} to {v}.
C my room at {k} is {v} now.

# meet_at other v=place_meet k=first
S I'm meeting {k} {v}.
S {k} and I meet {v}.
S {k} will wait for me {v}.
S I will meet {k} {v}.
S {k} suggested we meet {v}.
Q where am I meeting {k}?
Q where do {k} and I meet?
Q where will {k} wait for me?
Q where will I meet {k}?
Q what place did {k} suggest?
P where was I going to meet {k} before?
P where did {k} want to meet first?
C {k} and I don't meet {o}, we meet {v}.
C I'm meeting {k} {v} instead.

# meet_when other v=weektime k=first
S I'm meeting {k} on {v}.
S {k} and I are having coffee on {v}.
S I'll see {k} on {v}.
S {k} and I meet on {v}.
S I arranged to see {k} on {v}, for once.
Q when am I meeting {k}?
Q when do I have coffee with {k}?
Q when will I see {k}?
Q when do {k} and I meet?
Q what day did I arrange with {k}?
P when was I going to meet {k} before?
P what day had I arranged with {k} first?
P when did {k} and I want to meet at first?
C {k} and I moved our meeting from {o} to {v}.
C {k} can't make it on {o}, so we meet on {v}.
C I'm seeing {k} on {v} instead.

# pickup other v=clock k=first
S I have to pick up {k} at {v}.
S {k} wants to be picked up at {v}.
S {k} is waiting to be collected at {v}.
S I pick {k} up at {v}.
Q when do I have to pick up {k}?
Q when does {k} want to be picked up?
Q at what time is {k} waiting to be collected?
Q what time do I pick {k} up?
P when did I have to pick up {k} before?
P what time did {k} want to be picked up first?
C I have to pick up {k} at {v} instead of {o}.
C {k} is finished later, so I go at {v}.

# call other v=weektime k=mr
S I have to call {k} on {v}.
S {k} will ring me on {v}.
S I have a phone call with {k} on {v}.
S {k} and I talk on the phone on {v}.
Q when do I have to call {k}?
Q when will {k} ring me?
Q when do I have a phone call with {k}?
Q when do {k} and I talk on the phone?
P when was I going to call {k} before?
P what was the first day for the call with {k}?
C the call with {k} was moved from {o} to {v}.
C I can't reach {k} on {o}, so I call on {v}.

# bring_party other v=food k=first
S {k} is bringing {v} to the party.
S {k} will make {v} for the picnic.
S {k} has promised to cook {v} on Sunday.
S {k} is going to bring {v}.
Q what is {k} bringing to the party?
Q what will {k} make for the picnic?
Q what has {k} promised to cook?
Q what is {k} going to bring?
P what did {k} want to bring before?
P what was {k} going to cook at first?
C {k} is bringing {v} instead of {o}.
C {k} has no time for that and brings {v}.

# thing_time thing v=early k=opening
S the {k} opens at {v}.
S the {k} only opens at {v}, I was too early again.
S opening time of the {k}: {v}
S the {k} is open from {v}.
Q when does the {k} open?
Q at what time does the {k} open?
Q what is the opening time of the {k}?
Q from when is the {k} open?
P when did the {k} open before?
P what was the earlier opening time of the {k}?
C the {k} opens at {v} now instead of {o}.
C the {k} has changed its hours, it opens at {v}.

# bus thing v=bus k=opening
S the bus to the {k} is number {v}.
S you take line {v} to get to the {k}.
S bus {v} goes to the {k}.
S the {k} is on bus line {v}.
Q which bus goes to the {k}?
Q what line do I take to the {k}?
Q how do I get to the {k} by bus?
Q which bus line is the {k} on?
"""
