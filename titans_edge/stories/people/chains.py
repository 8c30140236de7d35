"""Pairs of sentences about one thing, with a question that needs both. Data only.

Of each: the group it touches and the kinds of its slots, then the first sentence, the second, the question.
The answer is {v}, which stands in the second sentence.
"""

from __future__ import annotations

CHAINS = r"""
employer a=company v=city
    I work at {a}.
    {a} is based in {v}.
    in which city do I work?
employer a=company v=city
    my job is at {a}.
    {a} has its head office in {v}.
    where is the head office of the company I work for?
employer a=first b=company v=street
    {a} works for {b}.
    {b} is on {v}.
    on which street does {a} work?
employer a=first b=company v=city
    {a} has a job at {b}.
    the office of {b} is in {v}.
    in which city does {a} work?
lent_to a=full k=lendable v=city
    I lent my {k} to {a}.
    {a} lives in {v}.
    in which city is the person who has my {k}?
lent_to a=full k=lendable v=phone
    {a} has borrowed my {k}.
    {a}'s phone number is {v}.
    what number do I call to get my {k} back?
lent_to a=full k=lendable v=street
    my {k} is with {a}.
    {a} lives on {v}.
    on which street do I have to fetch my {k}?
lent_to a=full k=lendable v=low_email
    {a} took my {k} home.
    you can write to {a} at {v}.
    what's the e-mail of the one who took my {k}?
doctor a=doctor k=doctor_kind v=street
    my {k} is {a}.
    {a} has a practice on {v}.
    on which street is the practice of my {k}?
doctor a=doctor k=doctor_kind v=phone
    my {k} is {a}.
    the number of {a} is {v}.
    what's the phone number of my {k}?
doctor a=doctor k=doctor_kind v=city
    I go to {a}, my {k}.
    {a} is moving to {v}.
    where is my {k} moving to?
doctor a=doctor k=doctor_kind v=weekday
    {a} is my {k}.
    {a} is closed on {v}s.
    on which day is my {k}'s practice closed?
event_room k=event a=room_name v=floor
    the {k} is in the {a} room.
    the {a} room is on the {v} floor.
    on which floor is the {k}?
event_room k=event a=room_name v=code
    the {k} takes place in the {a} room.
    you get into the {a} room with {v}.
    what code do I need for the room of the {k}?
event_lead k=event a=full v=low_email
    {a} is organising the {k}.
    {a}'s e-mail is {v}.
    what's the e-mail of the organiser of the {k}?
event_lead k=event a=full v=phone
    the {k} is run by {a}.
    you reach {a} on {v}.
    which number do I call about the {k}?
hotel k=city a=hotel v=street
    in {k} I'm staying at {a}.
    {a} is on {v}.
    on which street am I staying in {k}?
hotel k=city a=hotel v=hotel_room
    I booked {a} in {k}.
    at {a} I have room {v}.
    what's my room number in {k}?
hotel k=city a=hotel v=phone
    my hotel in {k} is {a}.
    the phone number of {a} is {v}.
    what number has my hotel in {k}?
hotel k=city a=hotel v=clock
    for {k} I reserved a room at {a}.
    at {a} breakfast starts at {v}.
    when does breakfast start at my hotel in {k}?
bank a=bank v=street
    my bank is {a}.
    {a} has a branch on {v}.
    on which street is my bank?
bank a=bank v=phone
    I have my account at {a}.
    the hotline of {a} is {v}.
    what's the hotline of my bank?
kid_school k=child a=school v=street
    my {k} goes to {a}.
    {a} is on {v}.
    on which street does my {k} go to school?
kid_school k=child a=school v=clock
    my {k} is at {a}.
    at {a} lessons begin at {v}.
    when do lessons begin at my {k}'s school?
place k=item a=container v=room
    the {k} is in the {a}.
    the {a} is in the {v}.
    in which room is the {k}?
place k=item a=container v=room
    I put the {k} in the old {a}.
    the old {a} stands in the {v}.
    which room do I have to search for the {k}?
place k=item a=first v=city
    {a} has my {k}.
    {a} lives in {v}.
    in which city is my {k} now?
place k=item a=container v=code
    the {k} is locked in the {a}.
    the {a} opens with {v}.
    which code do I need to get at the {k}?
club a=club v=sport
    I joined {a}.
    {a} is a {v} club.
    which sport does my club play?
club a=club v=regular
    I'm a member of {a}.
    {a} train {v}.
    when does my club train?
landlord a=mr v=phone
    my landlord is {a}.
    {a}'s number is {v}.
    what's my landlord's phone number?
landlord a=mr v=city
    I rent from {a}.
    {a} lives in {v}.
    where does my landlord live?
boss a=full v=date
    my boss is {a}.
    {a}'s birthday is on {v}.
    when is my boss's birthday?
boss a=full v=city
    I report to {a}.
    {a} comes from {v}.
    where is my boss from?
project a=project v=when
    I'm working on project {a}.
    project {a} is due on {v}.
    when is the project I'm working on due?
project a=project v=full
    I'm on a project called {a}.
    the client of {a} is {v}.
    who is the client of my project?
present_for a=full k=present v=date
    I want to give {a} {k}.
    {a}'s birthday is on {v}.
    on which date is the birthday of the person I want to give {k}?
trip a=city v=price
    I'm travelling to {a}.
    the ticket to {a} cost {v}.
    what did the ticket for my trip cost?
restaurant a=restaurant v=street
    my favourite restaurant is {a}.
    {a} is on {v}.
    on which street is my favourite restaurant?
restaurant a=restaurant v=weekday
    I like to eat at {a}.
    {a} is closed on {v}s.
    on which day is my favourite restaurant closed?
"""
