"""Values composed of words: a grammar of `|` alternatives over the word lists. # a digit, % one to nine, ^ a letter."""

from __future__ import annotations

CLOSED = frozenset(
    [
        "weekday",
        "month",
        "ordinal",
        "day",
        "hour",
        "hour_word",
        "minute",
        "small",
        "age",
        "grown",
        "floor",
        "street_end",
        "colour",
        "bin",
        "chore",
        "team",
        "company_b",
        "relation_extra",
        "transport",
        "relation",
        "child",
        "age2",
    ]
)  # lists too small or too common to hold words out of
CHECKED = frozenset(["time", "date", "price"])  # composed of closed words only: held out by the whole value

KINDS: dict[str, str] = {
    "first": "{woman}|{man}",
    "full": "{woman} {last}|{man} {last}",
    "person": "{woman}|{man}|{woman} {last}|{man} {last}",
    "mr": "Mr. {last}|Mrs. {last}|Ms. {last}|{woman} {last}|{man} {last}",
    "doctor": "Dr. {last}|Dr. {last}|Doctor {last}|Dr. {woman} {last}|Dr. {man} {last}|Professor {last}",
    "teacher": "Mr. {last}|Mrs. {last}|Ms. {last}|Miss {last}|Dr. {last}",
    "street": "{street_name} {street_end}|{street_name} {street_end}|Old {street_name} {street_end}|"
    "{last} {street_end}",
    "address": "%# {street}|%## {street}|% {street}|{street} %#",
    "company": "{company_a}{company_b}|{company_a}{company_b}|{last} & {last}|{last} and Sons|"
    "{city} {company_a}{company_b}",
    "workplace": "{company}|{company}|{employer}",
    "time": "{hour}:{minute}|{hour}:{minute}|{hour}:{minute}|half past {hour_word}|quarter to {hour_word}|"
    "quarter past {hour_word}|{hour_word} o'clock|{hour_word} in the evening|{hour_word} in the morning|"
    "{hour_word} sharp|ten past {hour_word}|twenty to {hour_word}|{small} in the afternoon",
    "clock": "{hour}:{minute}|{hour}:{minute}|half past {hour_word}|quarter to {hour_word}|{hour_word} o'clock",
    "date": "the {ordinal} of {month}|{day} {month}|{month} {day}|{month} {ordinal}|{day} {month}",
    "when": "{weekday}|{weekday}|{date}|{weekday} at {clock}|{weekday} evening|{weekday} morning|"
    "the {ordinal} of {month}",
    "weektime": "{weekday} at {clock}|{weekday} evening|{weekday} morning|{weekday} afternoon|{weekday} at {clock}",
    "regular": "every {weekday} at {clock}|{weekday}s at {clock}|every {weekday} evening|"
    "{weekday} and {weekday} evenings|"
    "every second {weekday}|every {weekday}",
    "spot": "under the {colour} {container}|behind the {container} in the {room}|in the {container} in the {room}|"
    "on top of the {container}|in the {colour} {container}|next to the {container} in the {room}|in the {room}|"
    "inside the old {container}|behind the {container}|in the second drawer in the {room}|at {first}'s place|"
    "on the hook in the {room}|in a {container} in the {room}",
    "code": "####|%###|%#####|%###^|^%##|%#-%#-%#|####|%###",
    "order": "^^-%####|%#######|^%#-%###|#%###-^^|ORD%####|^^%#####",
    "plate": "^^-%##-^^|^^ %###|%-^^^-%##|^^%# ^^^|^-^^ %###",
    "phone": "0%## %## ###|+4% 7## %### ##|0%#-%#### ###|06 %# ## ## ##|555-%###|0%## %######",
    "low_email": "{first}.{last}@{domain}|{first}%#@{domain}|{last}@{domain}|{first}_{last}@{domain}",
    "password": "{project}%##|{pet_name}-{city}-%#|{company_a}{company_b}%###|{container}{instrument}%#",
    "price": "%## euros|%# pounds|€%##|£%##|${hour}0|%,%## euros|%## dollars|£%.%0|%#.%0 euros|{hour}0 euros",
    "rent": "%## euros|€%##|1,%## euros|£%##|£1,%##|$1,%##|9## euros",
    "salary": "%#,%00 euros|£%#,%00|$%#,000|%,%00 euros a month|£%#,000",
    "dose": "%0 mg|%00 mg|{small} drops|one tablet|two tablets|half a tablet|%.5 ml|{small} millilitres|%#0 micrograms",
    "shoe": "3%|4%|3%.5|4%.5|3%|4%",
    "kilos": "%# kilos|%#.% kilos|%# kg|%#.% kg",
    "run": "%#:{minute} minutes|4%:{minute} minutes|1:%#:{minute} hours|3%:{minute}|5%:{minute} minutes",
    "gate": "^%#|^%|%#|^%",
    "seat": "%#^|%^|%#^",
    "flight": "^^ %##|^^%###|^%#%|^^ %###",
    "train": "IC %##|ICE %#|RE %#|EC %##|TGV %###",
    "platform": "%|%#|%^|%a|%b",
    "room_no": "room %#|room %##|the {room_name} room|room ^%#|the {room_name} room|meeting room %",
    "hotel": "Hotel {hotel_word}|the {hotel_word}|the {hotel_word} Hotel|Pension {last}|Hotel {last}",
    "hotel_room": "%##|%##|%###",
    "bank": "{bank_word} Bank|the {bank_word} Bank|{bank_word} Savings|{bank_word} Credit Union|Bank of {city}",
    "insurer": "{bank_word} Insurance|{bank_word} Mutual|{last} Insurance|{company_a}{company_b} Direct",
    "school": "{school_name}|{school_name} School|{school_name} Primary School|{school_name} Academy",
    "club": "the {city} {club_word}|{street_name} Park {club_word}|the {street_name} {club_word}",
    "restaurant": "Trattoria {last}|the {colour} {pet}|Cafe {woman}|the {street_name} Kitchen|Chez {man}|Bistro {last}",
    "car": "{colour} {make}|{colour} {make}|{make}|old {make}|{colour} {make} estate",
    "years": "{small} years|{small} months|{small} weeks",
    "since": "2001|2003|2005|2006|2008|2009|2011|2012|2013|2014|2015|2016|2017|2018|2019|2020|2021|2022",
    "born_year": "195#|196#|197#|198#|199#|200#|194#",
    "number": "%#|%##|%|%#",
    "early": "5:{minute}|6:{minute}|7:{minute}|8:{minute}|half past six|quarter to seven|a quarter past six|nine",
    "late": "9:{minute} pm|10:{minute} pm|half past ten|quarter to eleven|11:{minute} pm|ten|midnight|half past nine",
    "level": "level %|the {floor} floor|bay %#|row ^|space %##|level %, bay %#",
    "groceries": "{grocery} and {grocery}|{grocery}, {grocery} and {grocery}|{grocery}|{grocery} and {grocery}",
    "like_food": "{food}|{food}|{fruit}",
    "trip": "{city}|{country}|{country}|{city}",
    "month_when": "{month}|the spring|early {month}|late {month}|the second week of {month}|the summer|the autumn",
    "kid": "{woman}|{man}",
    "mins": "{hour} minutes|%5 minutes|half an hour|an hour|three quarters of an hour|%0 minutes|forty minutes",
    "size_cl": "S|M|L|XL|36|38|40|42|44|46|48|XXL|medium|small|large",
    "grade": "a B plus|an A|a C|a D|an A minus|9% percent|7% percent|a distinction|top marks|8 out of 10|6 out of 10",
    "length": "%# metres|1%# kilometres|%.% kilometres|2% centimetres",
    "blood": "A positive|B negative|O positive|AB negative|A negative|O negative|B positive|AB positive",
    "star": "Aries|Taurus|Gemini|Cancer|Leo|Virgo|Libra|Scorpio|Sagittarius|Capricorn|Aquarius|Pisces",
    "height": "1.6# m|1.7# m|1.8# m|1 metre 5%|1 metre 7%|5 foot %|6 foot 2",
    "temperature": "1% degrees|2% degrees|twenty degrees|eighteen degrees",
    "iban": "^^%# %### #### ####|%####%##|%#-%#-%# %#######",
    "count_kids": "two children|three children|four children|two kids|three kids|five children|four kids|six children",
    "child": "daughter|son|youngest daughter|eldest son|eldest daughter|youngest son|godchild|stepson|stepdaughter",
    "in_law": "mother-in-law|father-in-law|sister-in-law|brother-in-law|son-in-law|daughter-in-law",
    "marriage": "husband|wife",
    "count_siblings": "one sister and one brother|two brothers|three sisters|one brother|one sister|two sisters|"
    "three brothers|two sisters and a brother|two brothers and a sister|four brothers|five sisters",
    "pet_food": "{vegetable}|{fruit}|{grocery}|{food}",
    "place_met": "at {charity}|on a train to {city}|at {employer}|at a wedding in {city}|on holiday in {country}|"
    "at school in {city}|in a {language} class|at a {hobby} course|in {city}",
    "garment": "jeans|shirts|jackets|dresses|coats|trousers|jumpers|gloves|T-shirts|blouses|shorts",
    "glasses": "minus %.%|plus %.%|minus %.%5|minus % on both eyes",
    "collectable": "old {instrument} cases|{country} stamps|{container}s of the fifties|{city} postcards|"
    "coins from {country}|"
    "{band} records|maps of {country}|{make} model cars|beer mats from {city}|first editions of {book}",
    "paintable": "front door|kitchen|garden shed|bedroom|fence|bathroom|living room|garage|hallway|balcony",
    "person_mr": "{last} & {last}|the {doctor_kind}|{company}|Mr. {last}|Mrs. {last}|the plumber|the {shop}",
    "insurable": "car|house|bike|health|travel|household|dog|flat|motorbike|boat|van",
    "budget_for": "the kitchen|the wedding|the new {thing_bought}|the trip to {trip}|Christmas presents|the garden|"
    "a {thing_bought}",
    "savings_for": "a {thing_bought}|a new {make}|a trip to {trip}|a house|a wedding|the trip to {trip}",
    "account_kind": "e-mail|bank|tax office|{shop}|cloud|library|railway|work laptop|phone contract|streaming",
    "membership": "{charity}|the library|the {shop}|{club}|the {sport} club|the alpine club|the car club|"
    "the swimming pool",
    "locker": "%#|%##|%|^%|^%#",
    "locker_place": "the gym|the swimming pool|work|the station|school|the climbing hall|the sauna|the museum|"
    "the ice rink",
    "device": "Nokia %#|Galaxy S%#|Pixel %|Fairphone %|iPhone %#|Xperia %|Motorola G%#|OnePlus %#|Xiaomi %#",
    "place_meet": "at the {street_name} station|in front of {employer}|at {restaurant}|by the fountain on {street}|"
    "at the corner of {street}|outside the {hotel_word} cinema|under the clock at the station in {city}|in {city}",
    "opening": "library|swimming pool|{shop}|pharmacy on {street}|{hotel_word} museum|post office|"
    "bakery on {street}|sauna|"
    "{street_name} market|town hall|recycling centre|ice rink|{hotel_word} cinema",
    "bus": "%#|%|%##|%^|N%",
    "thesis": "{vegetable} in medieval {country}|the birds of {country}|{country}'s rivers|the dialects of {city}|"
    "the history of {instrument} making|tram networks in {city}|the economy of {country}|{film} and its critics|"
    "sleep and {hobby}|folk songs from {country}|the novels behind {show}",
}
