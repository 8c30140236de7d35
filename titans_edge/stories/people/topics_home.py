"""Topics of the home: where one lives, with whom, and what stands around. Data only; the format is in topic.py."""

TABLE = r"""
# city both v=city group=home
S {I} live[s] in {v}.
S {I} moved to {v} last year.
S {I}['ve| has] just moved to {v}.
S {I}['m| is] living in {v} now.
S1 home is {v} for me.
S {I} ha[ve|s] been living in {v} for three years, and {i2} [love|loves] it.
S after the studies {I} settled down in {v}.
S {v} is where {I} live[s] these days.
S {I} finally found a flat in {v}, after months of looking.
Q where {do} {I} live?
Q in which city {do} {I} live?
Q what city {do} {I} live in?
Q where {am} {I} living?
Q which town {am} {I} at home in?
Q1 where's my home?
Q where did {I} move to?
Q which city did {I} end up in?
Q where {am} {I} based?
P where did {I} live before?
P which city did {I} use to live in?
P where was {I} living before the move?
P what was {my} previous city?
C {I} moved from {o} to {v}.
C {I} [don't|doesn't] live in {o} any more, {i2} [live|lives] in {v} now.
C {I} left {o} in the spring; it's {v} now.
C goodbye {o}! {I} moved to {v}.
C {I} relocated to {v}.
N the one who lives in {v}
N the person living in {v}

# origin both v=city group=origin
S {I} [come|comes] from {v}.
S {I} [was|was] born in {v}.
S {I} grew up in {v}, right by the railway line.
S {I} [am|is] originally from {v}.
S originally {I} [come|comes] from {v}, but that was long ago.
S {I} spent {my2} whole childhood in {v}.
Q where {do} {I} come from?
Q where did {I} grow up?
Q what is {my} home town?
Q where {am} {I} from?
Q which city {am} {I} originally from?
Q what's {my} birthplace?
Q in what town did {I} spend {my2} childhood?
N the one who grew up in {v}
N the person who comes from {v}

# address both v=address group=address
S {my} address is {v}.
S {I} live[s] at {v}.
S1 the new flat is at {v}.
S {my} new address: {v}
S you can send letters for {me} to {v}.
S {I} moved into {v} on the first.
S1 post for me goes to {v}, please.
Q what is {my} address?
Q what street and number {do} {I} live at?
Q where should post for {me} be sent?
Q what's {my} exact address?
Q which house {do} {I} live in?
Q1 can you give me my address?
P what was {my} old address?
P where did {I} live before, which street?
P what address did {I} have earlier?
P what was {my} former address?
C {my} address has changed from {o} to {v}.
C {I} moved out of {o}, {my2} new address is {v}.
C {my} new address is {v}.
C {I} no longer live[s] at {o} but at {v}.

# street both v=street group=address
S {I} live[s] in {v}.
S {my} flat is in {v}, near the bakery.
S the house {I} moved into is on {v}.
S {my} place is on {v}.
S {my} front door opens onto {v}.
Q which street {do} {I} live in?
Q what street {am} {I} on?
Q what is the name of {my} street?
Q on which street is {my} place?
Q what's {my} street called?
N the one who lives on {v}

# floor both v=floor group=floor
S {I} live[s] on the {v} floor.
S {my} flat is on the {v} floor, and the lift is always broken.
S {I} ha[ve|s] a flat on the {v} floor.
S you find {me} on the {v} floor.
S1 it's the {v} floor, name's on the bell.
Q which floor {do} {I} live on?
Q what floor is {my} flat on?
Q1 how high up do I live?
Q on which floor {am} {I}?
P which floor did {I} live on before?
P what floor was {my} old flat on?

# landlord both v=mr group=landlord uses=landlord
S {my} landlord is called {v}.
S {my} landlord's name is {v}.
S {I} rent[s] from {v}.
S {my} landlord is {v}.
S1 landlord: {v}
S the flat belongs to {v}, {my} landlord.
S {v} is {my} new landlord, and seems quite nice.
S1 the man we rent our flat from is called {v}.
Q who is {my} landlord?
Q what is {my} landlord's name?
Q what's the name of {my} landlord?
Q who {do} {I} rent from?
Q who owns the flat {I} live[s] in?
Q what is {my} landlord called?
Q1 who do I pay my rent to?
Q1 can you remind me what my landlord's called?
P who was {my} landlord before?
P what was {my} previous landlord's name?
P who did {I} rent from before?
P who used to be {my} landlord?
C {my} landlord is no longer {o} but {v}.
C the house was sold, so {v} is {my} landlord now.
C {my} new landlord is {v}.
C {o} sold the flat to {v}, who is now {my} landlord.
N the one whose landlord is {v}

# rent both v=rent group=rent
S {my} rent is {v} a month.
S {I} pay[s] {v} rent.
S {my} flat costs {v} a month, heating included.
S {I} pay[s] {v} a month for {my2} flat.
S1 rent: {v}, due on the third
S for {my2} place {I} pay[s] {v} every month.
Q how much is {my} rent?
Q how much rent {do} {I} pay?
Q what does {my} flat cost a month?
Q what {do} {I} pay for {my2} flat?
Q what's {my} monthly rent?
Q how expensive is {my} flat?
P how much was {my} rent before?
P what did {I} use to pay for the flat?
P how much rent did {I} pay earlier?
P what was {my} old rent?
C {my} rent went up from {o} to {v}.
C {my} rent was raised to {v}.
C they put {my} rent up, it's {v} now.
C instead of {o}, {I} now pay[s] {v} rent.

# flatmate both v=first group=flatmate uses=flatmate
S {I} share[s] a flat with {v}.
S {my} flatmate is called {v}.
S {I} live[s] together with {v}, who is never at home.
S {my} flatmate's name is {v}.
S {v} moved in with {me}.
S {I} got a new flatmate, {v}.
Q who is {my} flatmate?
Q who {do} {I} live with?
Q who {do} {I} share a flat with?
Q what is the name of {my} flatmate?
Q what's {my} flatmate called?
Q who moved in with {me}?
P who was {my} flatmate before?
P who did {I} use to live with?
C {o} moved out, and {v} is {my} flatmate now.
C {my} new flatmate is {v}.
C instead of {o}, {v} now shares the flat with {me}.
N the flatmate of {v}

# neighbour both v=mr group=neighbour uses=neighbour
S {my} neighbour is called {v}.
S next door to {me} lives {v}.
S {v} lives in the flat above {me}.
S {my} next-door neighbour is {v}.
S the neighbour who takes in parcels for {me} is {v}.
S1 the people downstairs moved out, and {v} moved in.
Q who is {my} neighbour?
Q what is {my} neighbour's name?
Q who lives near {me}?
Q who lives next door to {me}?
Q1 what are the names of my neighbours?
P who was {my} neighbour before?
P who used to live next to {me}?
N the neighbour of {v}

# move_date both v=date group=move_date
S {I} move[s] out on {v}.
S {my} moving day is {v}.
S {I}['ll| will] get the keys to the new flat on {v}.
S {I} [am|is] moving house on {v}.
S the removal van comes to {me} on {v}.
Q when {do} {I} move out?
Q what date is {my} moving day?
Q on what day {do} {I} get the keys to the new flat?
Q when {am} {I} moving house?
Q what is {my} moving date?
P when was {my} move planned first?
P what was {my} original moving date?
C {my} move was put off from {o} to {v}.
C {my} moving date has changed, it's {v} now.
C {I} can't move on {o}, so it will be {v}.

# heating thing v=temperature k=room
S the thermostat in the {k} is set to {v}.
S I keep the {k} at {v}.
S I like it at {v} in the {k}.
S in the {k} the heating stands at {v}.
Q what is the thermostat in the {k} set to?
Q at what temperature do I keep the {k}?
Q how warm do I want it in the {k}?
Q how warm is the heating in the {k}?

# bins thing v=weekday k=bin
S {k} is collected on {v}.
S the bin for {k} goes out on {v}.
S rubbish: {k} on {v}
S on {v} they come for the {k}.
S put the {k} out on {v}, before seven.
Q when is the {k} collected?
Q which day is for {k}?
Q what day does the bin with {k} go out?
Q when do they come for the {k}?
Q on which day do I have to put the {k} out?
P when was the {k} collected before?
P what day did the {k} use to go out?
C {k} is now collected on {v} instead of {o}.
C the collection of {k} moved to {v}.
C they changed the {k} from {o} to {v}.

# rota thing v=first k=chore
S {v} does {k} this week.
S this week it's {v}'s turn for {k}.
S on the cleaning rota {v} is down for {k}.
S for {k} it's {v} this week.
S {k}: {v}
Q who does {k} this week?
Q whose turn is it for {k}?
Q who is down for {k}?
Q who has to do {k} this week?
Q who is responsible for {k}?
P who had to do {k} before?
P whose turn was {k} first?
C {v} does {k} instead of {o}.
C {o} and {v} swapped, so {v} does {k}.
C {k} is {v}'s job now.

# plumber thing v=full k=appliance uses=plumber
S the man who repairs our {k} is {v}.
S for the {k} I call {v}.
S {v} came to look at the {k} and did a good job.
S {v} mended the {k} last time.
S the {k} was installed by {v}.
Q who repairs our {k}?
Q who do I call when the {k} is broken?
Q who came about the {k}?
Q who mended the {k}?
Q what is the name of the one who fixed the {k}?

# fault thing v=fault k=appliance
S the {k} has {v}.
S our {k} stopped working because of {v}.
S turns out the {k} has {v}, says the repair man.
S what's wrong with the {k} is {v}.
S the {k} is broken again: {v}
Q what is wrong with the {k}?
Q why did the {k} stop working?
Q what's the matter with our {k}?
Q what is the problem with the {k}?
Q what fault does the {k} have?

# repair_date thing v=when k=appliance
S the {k} will be repaired on {v}.
S someone comes to fix the {k} on {v}.
S the technician for the {k} is coming on {v}.
S they will mend the {k} on {v}.
S the repair of the {k} is booked for {v}.
Q when will the {k} be repaired?
Q when does someone come for the {k}?
Q what day is the {k} being fixed?
Q when do they mend the {k}?
Q when is the technician coming about the {k}?
P when was the repair of the {k} planned before?
P what was the first date for the {k}?
C the repair of the {k} was moved from {o} to {v}.
C the technician for the {k} can't come on {o}, only on {v}.
C the {k} will be repaired on {v} instead.

# plant_care thing v=regular k=plant
S the {k} needs water {v}.
S I water the {k} {v}.
S please note that the {k} gets watered {v}.
S the {k} wants watering {v}.
S the {k} has to be watered {v}, not more.
Q how often does the {k} need water?
Q when do I water the {k}?
Q how often do I have to water the {k}?
Q when does the {k} want watering?

# plant_place thing v=room k=plant
S the {k} stands in the {v}.
S I moved the {k} to the {v} because of the light.
S my {k} is doing well in the {v}.
S the place for the {k} is the {v}.
S we put the {k} in the {v}.
Q where does the {k} stand?
Q in which room is the {k}?
Q where did I put the {k}?
Q what is the place for the {k}?
Q where is my {k}?
P where did the {k} stand before?
P which room was the {k} in earlier?
C the {k} moved from the {o} to the {v}.
C I carried the {k} over to the {v}.
C the {k} isn't in the {o} any more, it's in the {v}.

# garden both v=vegetable group=garden
S {I} grow[s] {v} in the garden.
S {I} planted {v} this spring.
S this year {I} [have|has] {v} in the raised bed.
S {I} [am|is] growing {v} on the allotment.
S {my} {v} are doing very well this year.
Q what {do} {I} grow in the garden?
Q what did {I} plant this spring?
Q which vegetables {do} {I} have in the raised bed?
Q what {am} {I} growing?
Q which vegetable is doing well for {me}?
A {I} also grow[s] {v}.
A besides that {I} [have|has] {v} in the garden.
N the one who grows {v}

# wifi thing v=password k=network
S the wifi password for {k} is {v}.
S our network is called {k} and the password is {v}.
S wifi: {k}, password: {v}
S the password of the {k} wifi is {v}.
S to get into {k} you need the password {v}.
S I wrote it down: the wifi {k} has the password {v}.
Q what is the wifi password for {k}?
Q what's the password of our network {k}?
Q which password does the wifi {k} have?
Q what is the password of the {k} wifi?
Q how do I get into the {k} network?
P what was the old password of {k}?
P which password did the {k} wifi have before?
C the wifi password of {k} was changed to {v}.
C the {k} password is not {o} any more but {v}.
C new password for {k}: {v}

# code thing v=code k=lock
S the code for the {k} is {v}.
S the {k} code is {v}.
S you get into the {k} with {v}.
S the {k} opens with {v}.
S {k} code: {v}
S we set the {k} to {v}, so that nobody has to look for a key.
S the number for the {k} is {v}, don't tell anyone.
S the PIN of the {k} is {v}.
Q what is the code for the {k}?
Q how do I open the {k}?
Q which number opens the {k}?
Q what does the {k} open with?
Q what's the {k} code?
Q what do I have to type in at the {k}?
Q what is the PIN for the {k}?
Q which code did I set for the {k}?
P what was the old code for the {k}?
P what was the {k} code before?
P which number did the {k} have earlier?
P what did the {k} open with before?
C we changed the {k} code, it's {v} now.
C the code for the {k} is no longer {o}, it is {v}.
C the new code for the {k} is {v}.
C the {k} opens with {v} now.
"""
