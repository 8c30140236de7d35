"""Word lists of simulated people: names of many cultures, places, makes, things. Comma-separated; data only."""

from __future__ import annotations

LISTS: dict[str, str] = {
    "woman": """Ines, Bilkis, Ingrid, Aaliyah, Abena, Adaeze, Agnieszka, Aiko, Aisha, Akua, Alma, Amara, Amina,
Anahit, Anjali, Annika, Anouk, Antonia, Aoife, Ayse, Beatriz, Berit, Bettina, Bronwyn, Caoimhe, Carla, Chiara,
Chidinma, Constance, Dalia, Dagmar, Danuta, Delphine, Dilnoza, Dorothea, Ebony, Edda, Elif, Eleni, Elodie, Esi,
Esperanza, Eun-ji, Farah, Fatoumata, Femke, Florence, Freja, Gabriela, Galina, Genevieve, Gudrun, Gwen, Habiba,
Halina, Hanneke, Harriet, Hedwig, Hyacinth, Ilse, Imani, Ioana, Isolde, Ivana, Jadwiga, Jaya, Jelena, Joanna,
Jolanda, Juanita, Kaia, Katarzyna, Kavita, Khadija, Kirsten, Lakshmi, Leilani, Leonie, Liesbeth, Ling, Ludmila,
Magdalena, Malika, Margit, Mariam, Marisol, Marlene, Maud, Mei-Ling, Mercy, Milena, Mirela, Monique, Nadine,
Natasha, Ngozi, Nilufar, Noor, Oksana, Olena, Oluchi, Ottilie, Padma, Paloma, Penelope, Philippa, Pilar, Radka,
Rania, Roisin, Rosalind, Rukhsana, Sabine, Saoirse, Shanice, Shirin, Signe, Sinead, Siobhan, Solveig, Svetlana,
Tamar, Tatiana, Thandiwe, Theodora, Tuva, Ulrike, Valentina, Veronika, Wanjiru, Wilhelmina, Xiomara, Yasmin,
Yetunde, Yolanda, Zainab, Zanele, Zofia, Zuzana, Anne-Marie, Maria Elena, Mary Lou, Rosa Maria, Anna Lena, Emma,
Lucy, Julia, Hannah, Sophie, Katie, Laura, Megan""",
    "man": """Bilal, Bram, Tomasz, Abdul, Adebayo, Ahmet, Aleksander, Alistair, Amadou, Anders, Andrei, Angus,
Anton, Arvid, Axel, Babak, Bartosz, Bastian, Benedikt, Bogdan, Casper, Cedric, Chidi, Christos, Ciaran, Conrad,
Cormac, Cristiano, Damian, Darius, Declan, Desmond, Dieter, Dinesh, Dougal, Edwin, Eero, Emeka, Emre, Enrique,
Erling, Esteban, Evan, Fabio, Farid, Feng, Fergus, Filip, Florian, Gareth, Gaspard, Gideon, Giovanni, Goran,
Guillaume, Gunnar, Hamza, Haruki, Heinrich, Hiroshi, Horatio, Ignacio, Ilyas, Imran, Istvan, Jabari, Jamal, Jerome,
Jin-woo, Joaquin, Joost, Jorge, Juergen, Kacper, Kamau, Kareem, Keanu, Kofi, Konrad, Kwame, Lamine, Laszlo, Leif,
Lennart, Leopold, Lorenzo, Luca, Ludwig, Malik, Marek, Mateusz, Matthias, Mehmet, Milos, Mohammed, Mustafa, Nikhil,
Nikos, Nnamdi, Olaf, Olumide, Orhan, Osman, Otto, Pascal, Pavel, Per, Pieter, Piotr, Radu, Rahul, Ramon, Rasmus,
Reuben, Rory, Ruben, Rupert, Sanjay, Santiago, Sebastian, Sergei, Sione, Stellan, Sunil, Tadeusz, Takeshi, Tariq,
Teodor, Thiago, Tobias, Torsten, Tunde, Uwe, Vaclav, Vikram, Viktor, Vuk, Wei, Willem, Wojciech, Yannick, Youssef,
Zbigniew, Zoltan, Jean-Pierre, Juan Carlos, Karl Heinz, Billy Joe, Ben, Jack, Tom, Harry, Sam, Daniel, Oliver, Matt,
Chris""",
    "last": """Okafor, van der Berg, Abadi, Achterberg, Adeyemi, Aguilar, Alvarez, Andersson, Antonov, Arslan,
Ashworth, Bakker, Balogun, Banerjee, Barbosa, Becker, Bergstrom, Bianchi, Blackwood, Boateng, Bonnet, Brankovic,
Brennan, Campbell, Cardoso, Castellano, Chaudhry, Chowdhury, Christensen, Cohen, Costa, Czerny, Dahl, D'Angelo, De
Smet, Delacroix, Demir, Desai, Diallo, Dimitrov, Doyle, Dubois, Eriksen, Esposito, Fairclough, Farouk, Ferreira,
Fitzgerald, Fontaine, Forsyth, Friedrich, Gallagher, Garcia Lopez, Ghosh, Goldberg, Gonzalez, Grabowski, Gruber,
Haddad, Hakimi, Halvorsen, Hartmann, Hashimoto, Hernandez, Hoang, Hofstadter, Holloway, Horvat, Hussain, Ibsen, Ito,
Ivanova, Jablonski, Jansen, Kaminski, Kapoor, Katz, Kaya, Keller, Khoury, Kimura, Kowalczyk, Kruger, Kovacs,
Lambert, Larsson, Lefebvre, Lehmann, Lindqvist, Lombardi, MacLeod, Mahmoud, Marchetti, Mbeki, McAllister, Mendoza,
Mukherjee, Murakami, Nagy, Nakamura, Ndiaye, Nguyen, Novak, O'Brien, Oduya, Olsen, Onyango, Ortega, Osei, Owusu,
Pappas, Pereira, Petrov, Pham, Pinheiro, Popescu, Quispe, Rahman, Ramirez, Rasmussen, Richter, Rossi, Sandoval,
Santos, Sato, Schneider, Schwarz, Sharma, Silva, Sokolov, Steinberg, Sutherland, Suzuki, Szabo, Takahashi, Tanaka,
Thorne, Toth, Tran, Ueda, Vasquez, Verhoeven, Vogel, Wagner, Walczak, Weatherby, Whitcombe, Winkler, Yamamoto,
Yildiz, Zhang, Zielinski, Zimmermann, Patel, Singh, Hughes""",
    "city": """Ghent, Leeds, Antwerp, Aarhus, Aberdeen, Accra, Adelaide, Almaty, Amman, Ankara, Arequipa, Athens,
Baku, Bamako, Basel, Belfast, Bergen, Bilbao, Bogota, Bologna, Bratislava, Bremen, Brisbane, Bristol, Bruges,
Bucharest, Busan, Calgary, Cardiff, Cartagena, Cluj, Coimbra, Cologne, Cork, Cusco, Dakar, Delft, Denver, Dresden,
Dundee, Durban, Eindhoven, Erfurt, Exeter, Faro, Fez, Florence, Freiburg, Galway, Gdansk, Geneva, Girona, Glasgow,
Graz, Groningen, Haifa, Halifax, Hamburg, Hanoi, Helsinki, Hobart, Innsbruck, Izmir, Jaipur, Jena, Kampala, Kaunas,
Kazan, Kigali, Kobe, Krakow, Kyoto, La Paz, Lagos, Lausanne, Leicester, Leipzig, Lille, Limerick, Linz, Ljubljana,
Lodz, Lucca, Lund, Lyon, Maastricht, Malmo, Marseille, Medellin, Montreal, Mombasa, Nagoya, Nairobi, Nantes, Naples,
New Orleans, Nicosia, Nijmegen, Norwich, Odessa, Osaka, Oulu, Oviedo, Palermo, Perth, Plovdiv, Porto, Portland,
Poznan, Pune, Quito, Rabat, Regensburg, Reykjavik, Riga, Rostock, Rotterdam, Rouen, Salamanca, Salzburg, San Diego,
Sapporo, Sarajevo, Seattle, Seville, Sheffield, Skopje, Sofia, Split, Stavanger, Swansea, Tallinn, Tampere, Tartu,
Tbilisi, Thessaloniki, Tirana, Toledo, Toulouse, Trieste, Trondheim, Tunis, Turin, Turku, Utrecht, Valencia, Varna,
Verona, Vilnius, Warsaw, Wellington, Windhoek, Winnipeg, Wroclaw, Yerevan, York, Zadar, Zagreb, Zurich, Newcastle
upon Tyne, San Sebastian, Buenos Aires, Cape Town""",
    "country": """Portugal, Vietnam, Morocco, Iceland, Peru, Japan, Greece, Norway, Canada, Chile, Croatia, Cuba,
Denmark, Ecuador, Egypt, Estonia, Finland, France, Georgia, Ghana, Hungary, India, Indonesia, Ireland, Italy,
Jordan, Kenya, Latvia, Lithuania, Malaysia, Malta, Mexico, Mongolia, Namibia, Nepal, New Zealand, Poland, Romania,
Scotland, Senegal, Slovenia, South Korea, Spain, Sri Lanka, Sweden, Switzerland, Taiwan, Tanzania, Thailand, Turkey,
Uruguay, Uzbekistan""",
    "street_name": """Maple, Rosewood, Station, Mill, Church, Harbour, Castle, Linden, Orchard, Bridge, Abbey,
Acacia, Albion, Alder, Bakery, Beacon, Birch, Canal, Cathedral, Cedar, Chapel, Chestnut, Clarence, Cobbler, Cooper,
Crown, Dock, Elm, Ferry, Fisher, Foundry, Gardener, Garrison, Grange, Hawthorn, Hazel, Hill, Holly, Ivy, Juniper,
Kiln, Lantern, Laurel, Lavender, Lighthouse, Magnolia, Market, Meadow, Merchant, Monastery, Nightingale, Oak, Park,
Pine, Poplar, Quarry, Queen, Raven, River, Saddler, Sailor, School, Shepherd, Silver, Spring, Swan, Tanner, Thistle,
Tower, Victoria, Walnut, Weaver""",
    "street_end": "Street, Road, Lane, Avenue, Close, Square, Gardens, Way",
    "company_a": """Nor, Vel, Kor, Lumi, Ast, Bryn, Cald, Del, Ever, Fen, Gal, Hex, Iber, Jun, Kest, Lor, Mar, Nex,
Or, Pel, Quant, Rem, Sol, Tor, Ulm, Ver, Wex, Xen, Yar, Zen, Alt, Brix, Cor, Dyn, Eld, Fab, Grav, Hal, Ind, Kap""",
    "company_b": """vik, tech, lane, nova, tera, soft, plex, mark, wood, gate, field, ware, stone, works, data,
line, labs, form, grid, point, bridge, care, logic, media, motion""",
    "employer": """the city library, the fire brigade, the university hospital, the tax office, the botanical
garden, the post office, the zoo, the town hall, the water works, a small bakery, a law firm, the ferry company, a
bicycle shop, the natural history museum, the airport, a primary school, the coast guard, the national railway, a
tech start-up, a furniture factory, the local newspaper, a garden centre, an architecture office, the opera house, a
care home, the radio station, a dental lab, a shipyard, a call centre, the weather service, a brewery, a language
school, a flower shop""",
    "job": """nurse, carpenter, tax adviser, pastry chef, bus driver, midwife, software developer, glazier,
beekeeper, paralegal, welder, translator, pharmacist, plumber, history teacher, sound engineer, florist,
radiologist, bookbinder, social worker, surveyor, park ranger, data analyst, piano tuner, roofer, optician, tram
driver, fishmonger, paramedic, librarian, physiotherapist, graphic designer, train driver, vet, gardener, judge,
primary school teacher, tattoo artist, warehouse manager, civil engineer, firefighter, speech therapist, estate
agent, baker, hairdresser, electrician, accountant, journalist, goldsmith, dental assistant, truck driver,
locksmith, interpreter, barista, flight attendant, web designer, stonemason, lab technician, insurance broker,
customs officer, sailmaker, tailor""",
    "project": """Falcon, Bluebird, Horizon, Lighthouse, Mercury, Sunflower, Granite, Pegasus, Cobalt, Aurora,
Compass, Kestrel, Juniper, Atlas, Marble, Phoenix, Tundra, Willow, Zephyr, Saffron, Monsoon, Quartz, Orchid, Nimbus,
Badger, Delta, Ember, Fjord, Glacier, Hazelnut, Iris, Jigsaw, Krill, Lotus, Magpie, Nebula, Otter, Pelican, Rhubarb,
Sparrow""",
    "pet": """parrot, tortoise, cat, dog, hamster, rabbit, guinea pig, ferret, gecko, canary, budgie, chinchilla,
pony, goat, snake, goldfish, hedgehog, donkey, iguana, cockatoo, rat, duck, hen, axolotl, tarantula, llama, gerbil,
pigeon""",
    "breed": """border collie, dachshund, beagle, whippet, Labrador, poodle, Dalmatian, greyhound, corgi, cocker
spaniel, Great Dane, husky, boxer, pug, German shepherd, Irish setter, schnauzer, Shiba Inu, Newfoundland, golden
retriever, Jack Russell, Saint Bernard, basset hound, springer spaniel, Rottweiler, Samoyed, chow chow, mastiff,
terrier mix""",
    "pet_name": """Bruno, Mochi, Pepper, Biscuit, Ziggy, Nala, Waffles, Pickles, Luna, Loki, Marmalade, Tofu,
Shadow, Juno, Rocco, Hazel, Noodle, Basil, Cleo, Duke, Fidget, Gizmo, Hobbit, Inky, Jasper, Kiki, Lady, Max, Nugget,
Oscar, Poppy, Rusty, Simba, Truffle, Umbra, Velvet, Whiskers, Yoshi, Zorro, Captain, Sir Barks, Miss Paws, Domino,
Toffee, Pixel""",
    "make": """Volvo, Skoda, Toyota, Renault, Fiat, Mazda, Honda, Kia, Peugeot, Opel, Nissan, Subaru, Ford, Seat,
Dacia, Hyundai, Suzuki, Citroen, Saab, Volkswagen, Audi, Mini, Jeep, Tesla, Lancia, Land Rover, Alfa Romeo,
Mercedes, Polestar""",
    "bike": """Gazelle, Batavus, Brompton, Koga, Cube, Trek, Bianchi, Giant, Raleigh, Kona, Scott, Canyon, Orbea,
Puch, Pashley, Cannondale, Merida, Peugeot, Colnago, Rose, Specialized, Cervelo, Surly, Tern, Cowboy, VanMoof""",
    "colour": """red, blue, green, yellow, black, white, grey, silver, purple, orange, turquoise, beige, brown,
pink, dark green, navy blue, burgundy, light blue, mustard yellow, lilac, olive green, teal""",
    "weekday": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday",
    "month": "January, February, March, April, May, June, July, August, September, October, November, December",
    "ordinal": """1st, 2nd, 3rd, 4th, 5th, 6th, 7th, 8th, 9th, 10th, 11th, 12th, 13th, 14th, 15th, 16th, 17th, 18th,
19th, 20th, 21st, 22nd, 23rd, 24th, 25th, 26th, 27th, 28th""",
    "day": """1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28""",
    "hour": "6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22",
    "hour_word": "six, seven, eight, nine, ten, eleven, one, two, three, four, five",
    "minute": "00, 05, 10, 12, 15, 17, 20, 25, 28, 30, 35, 38, 40, 45, 47, 50, 52, 55",
    "small": "two, three, four, five, six, seven, eight, nine, ten, eleven, twelve",
    "age": """2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, three, four, five, six, seven, eight, nine,
ten""",
    "grown": """19, 21, 22, 24, 25, 27, 28, 29, 31, 32, 33, 34, 36, 37, 38, 39, 41, 42, 43, 44, 45, 46, 47, 48, 49,
51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 62, 63, 64, 65, 66, 67, 68""",
    "floor": "first, second, third, fourth, fifth, sixth, seventh, ground, top",
    "item": """spare key, passport, phone charger, drill, first-aid kit, sewing machine, torch, ladder, birth
certificate, winter coat, sleeping bag, toolbox, bicycle pump, hot-water bottle, tent, air mattress, camera,
external hard drive, warranty card, cellar key, garden hose, stapler, screwdriver set, vaccination card, fire
extinguisher, sunscreen, measuring tape, wallet, raclette grill, sled, umbrella, snow shovel, fuse box, water meter,
cat carrier, picnic blanket, cake tin, iron, hair dryer, USB stick, allotment key, rabies certificate, bike lock
key, ice skates""",
    "items": """concert tickets, vacuum bags, Christmas lights, tax papers, spare glasses, car papers, old photos,
batteries, light bulbs, mousetraps, ice skates, headphones, hiking boots, binoculars, house keys, swimming goggles,
candles, train tickets, knitting needles, matches, reading glasses, car keys, gloves, passport photos, wedding
rings, garden shears, ski poles, school reports, rubber boots, playing cards, spare bulbs, medical records,
earplugs, birthday candles, jump leads""",
    "container": """flowerpot, drawer, shoebox, suitcase, cupboard, bookcase, biscuit tin, jar, toolbox, basket,
wardrobe, chest, backpack, filing cabinet, teapot, crate, sideboard, vase, laundry basket, wooden box, envelope,
folder, bucket, watering can, doormat, bench, sofa, rug, bookshelf, desk, lamp, mirror, radiator, stove, armchair,
birdhouse""",
    "room": """kitchen, bathroom, attic, cellar, garage, hallway, bedroom, study, living room, garden shed, guest
room, pantry, laundry room, conservatory, workshop, nursery, utility room, dining room, loft, summer house,
stairwell""",
    "food": """lasagne, sushi, pierogi, ramen, falafel, paella, dumplings, couscous, goulash, fish and chips, pad
thai, moussaka, jollof rice, mushroom risotto, shakshuka, tacos, borscht, carbonara, bibimbap, chilli con carne,
potato gratin, pho, lentil soup, ratatouille, fried plantain, spinach curry, cheese fondue, apple strudel, gnocchi,
bouillabaisse, okonomiyaki, stuffed peppers, roast chicken, ceviche, pumpkin soup, butter chicken, onion tart,
kimchi stew, shepherd's pie, poutine""",
    "drink": """oolong tea, espresso, ginger beer, mint tea, oat milk latte, apple juice, dry cider, rooibos, tomato
juice, hot chocolate, lemonade, red wine, kombucha, iced coffee, elderflower soda, buttermilk, tonic water, wheat
beer, chai, mango lassi, sparkling water, cranberry juice, flat white, hibiscus tea, peach nectar, Earl Grey, root
beer, sake""",
    "fruit": """mangoes, cherries, figs, pears, blueberries, apricots, plums, grapes, pomegranates, kiwis, papayas,
peaches, raspberries, lychees, tangerines, melons, quinces, gooseberries, bananas, strawberries, persimmons,
nectarines""",
    "allergen": """peanuts, penicillin, shellfish, cat hair, birch pollen, strawberries, wasp stings, soy, latex,
sesame, house dust, hazelnuts, ibuprofen, eggs, celery, cow's milk, horse hair, grass pollen, mustard, nickel, kiwi
fruit, aspirin, bee stings, lupins, walnuts, gluten, mould, ragweed, shrimp, cashews""",
    "diet": """vegan, vegetarian, pescatarian, gluten-free, low-carb, kosher, halal, lactose-free, sugar-free, keto,
paleo, dairy-free, low-salt, low-fat, raw, flexitarian, macrobiotic, nut-free""",
    "medicine": """ibuprofen, metformin, levothyroxine, amoxicillin, ramipril, cetirizine, omeprazole, iron tablets,
vitamin D, aspirin, bisoprolol, folic acid, prednisolone, simvastatin, magnesium, sertraline, insulin, loratadine,
pantoprazole, amlodipine, melatonin, montelukast, candesartan, zinc, naproxen, doxycycline, lisinopril, warfarin""",
    "film": """Casablanca, Spirited Away, The Big Lebowski, Amelie, Blade Runner, Paddington, Alien, The Princess
Bride, Vertigo, Arrival, Fargo, Roman Holiday, My Neighbour Totoro, The Third Man, Moonlight, Chinatown, Groundhog
Day, Ratatouille, Parasite, Metropolis, Psycho, Rear Window, Lost in Translation, The Grand Budapest Hotel,
Inception, Jaws, Gattaca, Billy Elliot, Cinema Paradiso, Wild Strawberries, The Matrix, Some Like It Hot, Brazil,
Local Hero, City of God""",
    "band": """The Cranberries, Radiohead, Portishead, Kraftwerk, Fleetwood Mac, Sigur Ros, The Smiths, Massive
Attack, Abba, Queen, The Cure, Depeche Mode, Gorillaz, Buena Vista Social Club, Boards of Canada, Arcade Fire,
Tinariwen, Blur, Daft Punk, Iron Maiden, Interpol, The Velvet Underground, Beirut, Muse, Pulp, Tool, Pixies, Big
Thief, Nirvana, Steely Dan""",
    "book": """Middlemarch, The Hobbit, Beloved, Dune, The Name of the Rose, Emma, Pachinko, Momo, The Master and
Margarita, Wolf Hall, Persuasion, Invisible Cities, Never Let Me Go, Kindred, Moby-Dick, Ulysses, White Teeth, Jane
Eyre, Stoner, Half of a Yellow Sun, The Leopard, Watership Down, Solaris, Austerlitz, Buddenbrooks, Dracula, Gilead,
Cloud Atlas, Things Fall Apart, Rebecca, The Bell Jar, Orlando, Station Eleven, My Brilliant Friend, The Trial,
Siddhartha""",
    "show": """Dark, The Wire, Fleabag, Severance, Borgen, Twin Peaks, Derry Girls, Lost, The Crown, Babylon Berlin,
Slow Horses, Ted Lasso, Broadchurch, Succession, Andor, The Bear, Call the Midwife, The Bridge, Friends, Bake Off,
Chernobyl, Sherlock, Black Mirror, The Office, Mad Men, Peaky Blinders, Vikings, Line of Duty, Downton Abbey, Narcos""",
    "game": """Catan, chess, Stardew Valley, Carcassonne, Minecraft, Scrabble, Go, Azul, Tetris, Wingspan, Zelda,
Pandemic, Animal Crossing, backgammon, Dixit, Mario Kart, Hades, Ticket to Ride, Portal, poker, Rummikub, Terraria,
Codenames, Factorio, bridge, Skyrim, Hanabi, mahjong, Dominion, Celeste""",
    "hobby": """pottery, bouldering, birdwatching, knitting, fencing, woodcarving, astronomy, calligraphy, salsa
dancing, rowing, photography, embroidery, foraging, sailing, judo, model building, baking bread, wild swimming,
chess, archery, yoga, geocaching, stamp collecting, trail running, origami, karate, beekeeping, improv theatre,
kayaking, crochet, surfing, mushroom picking, ballet, cross-country skiing, table tennis, restoring old radios,
tango, tai chi, windsurfing""",
    "instrument": """cello, trumpet, accordion, banjo, harp, oboe, ukulele, bass guitar, violin, saxophone, drums,
clarinet, flute, viola, bagpipes, tuba, mandolin, piano, trombone, double bass, harmonica, French horn, church
organ, bassoon, sitar, marimba, electric guitar, recorder, lute, djembe, bodhran""",
    "sport": """handball, badminton, volleyball, water polo, hockey, squash, rugby, tennis, football, basketball,
rowing, fencing, cricket, judo, curling, floorball, netball, table tennis, baseball, ultimate frisbee, lacrosse, ice
hockey, boxing""",
    "club_word": """Harriers, Wanderers, Dolphins, Falcons, Rovers, Otters, Comets, Eagles, Tigers, Pirates,
Kingfishers, Vikings, Hornets, Badgers, Foxes, Swans, Panthers, Bisons, Herons, Rockets, Stags, Sharks, Wolves,
Ravens, Bears""",
    "language": """Portuguese, Turkish, Welsh, Japanese, Finnish, Swahili, Greek, Czech, Hindi, Icelandic, Korean,
Dutch, Arabic, Italian, Basque, Polish, Hungarian, Mandarin, Hebrew, Danish, Catalan, Persian, Vietnamese, Romanian,
Irish, Thai, Norwegian, Spanish, Swedish, Ukrainian, Urdu, Russian, Georgian, Bengali, sign language, Estonian,
Tagalog, Yoruba""",
    "study": """archaeology, marine biology, law, architecture, nursing, musicology, physics, veterinary medicine,
economics, art history, computer science, philosophy, geology, linguistics, medicine, theology, chemistry,
journalism, social work, fine arts, mathematics, psychology, forestry, political science, dentistry, statistics,
astronomy, anthropology, pharmacy""",
    "subject": """maths, geography, chemistry, history, biology, French, Latin, physics, art, music, PE, English,
computer science, economics, drama, religion, German, Spanish, woodwork, social studies, philosophy, home economics,
needlework, astronomy, biotechnology, ethics, gardening, politics, typing, dance, media studies, Russian, rhetoric""",
    "plant": """monstera, orchid, cactus, ficus, basil, lavender bush, lemon tree, fern, rubber plant, aloe vera,
bonsai, fig tree, yucca, ivy, rosemary, peace lily, begonia, olive tree, jade plant, spider plant, chilli plant,
geranium, palm, hydrangea, azalea, bamboo, oleander, Venus flytrap, rhododendron, mint""",
    "vegetable": """tomatoes, courgettes, beetroot, kale, pumpkins, radishes, leeks, broad beans, carrots, spinach,
chard, potatoes, cucumbers, sweetcorn, peas, rhubarb, aubergines, garlic, onions, lettuce, peppers, turnips,
parsnips, artichokes""",
    "appliance": """dishwasher, washing machine, fridge, boiler, oven, toaster, printer, kettle, vacuum cleaner,
lawnmower, laptop, coffee machine, tumble dryer, doorbell, freezer, microwave, heating, hedge trimmer, blender,
television, router, garage door, shower, toilet cistern, e-reader, food processor, bread maker, water heater, air
conditioner""",
    "fault": """a broken pump, a leaking hose, a blown fuse, a loose cable, a cracked seal, a worn-out bearing, a
blocked filter, a faulty switch, a dead battery, a bent hinge, a jammed drawer, a burnt-out motor, a missing screw,
a cracked screen, a clogged drain, a rusty valve, a torn belt, a broken thermostat, a stripped gear, a short circuit""",
    "present": """a fountain pen, a telescope, a silk scarf, a fondue set, a pair of gloves, a record player, a
cookery book, a weekend in the mountains, a leather wallet, a jigsaw puzzle, a pottery course, a cactus, a globe, a
hammock, a teapot, a board game, a fishing rod, a woollen blanket, theatre tickets, a bird feeder, a penknife, a
chess set, a perfume, a kite, an espresso maker, a photo album, a bottle of whisky, a magnifying glass, a necklace,
a music box, a yoga mat""",
    "lendable": """drill, ladder, tent, sewing machine, bicycle pump, suitcase, pressure washer, guitar amp,
projector, cake tin, lawnmower, snowboard, jigsaw, waffle iron, tripod, trailer, roof box, steam iron, camping
stove, wheelbarrow, hedge trimmer, carpet cleaner, baby seat, fondue pot, circular saw, chainsaw, sleeping bag,
pasta machine""",
    "grocery": """oat milk, lentils, washing powder, dark chocolate, red onions, coriander, rye bread, olive oil,
cat litter, eggs, bin bags, feta, yoghurt, rice vinegar, soy sauce, toothpaste, baking powder, tinned tomatoes,
parmesan, lemons, butter, coffee beans, kitchen roll, flour, sponges, celery, honey, dishwasher tablets, limes,
chickpeas, almonds, couscous, capers""",
    "chore": """the bathroom, the hoovering, the dishes, the stairs, the recycling, the windows, the kitchen, the
laundry, the shopping, the hallway, the fridge, the plants, the dusting, the balcony, the ironing, the oven""",
    "bin": """paper, plastic, glass, garden waste, general waste, cardboard, compost, metal, old clothes, food waste""",
    "fear": """spiders, heights, flying, thunderstorms, dentists, snakes, deep water, the dark, lifts, public
speaking, needles, clowns, wasps, moths, big dogs, mice, tunnels, crowds, ghosts, cows, geese, bridges, cockroaches,
balloons, sharks""",
    "dream": """open a small bookshop, sail around the world, learn to fly, live on a farm, write a crime novel, run
a marathon, see the northern lights, build a wooden boat, walk the Camino, keep bees, restore an old windmill, play
in an orchestra, move to the seaside, start a bakery, climb Kilimanjaro, cross Siberia by train, own a vineyard,
become a pilot, live in a tiny house, open a cat cafe, cycle to Istanbul, study philosophy, swim the Channel, found
a choir, plant a forest""",
    "plan": """paint the kitchen, go hiking, visit the aquarium, clean out the attic, bake a cheesecake, repair the
fence, go to the flea market, plant tulips, watch the regatta, build a bookshelf, pick mushrooms, go kayaking, see
the Picasso exhibition, make jam, wash the car, go to the sauna, sort try the new ramen place, take the ferry to the
island, varnish the floor, go ice skating, prune the roses, assemble the wardrobe, go to a football match, visit the
castle""",
    "did": """went to the sauna, repaired the gutter, baked a plum cake, watched a documentary about whales, played
minigolf, missed the last bus, lost an umbrella, ran into an old teacher, tried oysters for the first time, cleaned
the oven, donated blood, fell off the bike, finished a jigsaw puzzle, had lunch by the river, painted the fence,
went to the opera, bought a hammock, helped a friend move, got stuck in the lift, cooked for twelve people, saw a
heron, found twenty euros, planted tulips, broke a tooth, sold the old sofa, burnt the lasagne, slept until noon,
won at bingo, visited the planetarium""",
    "promise": """water the plants, return the library books, fix the swing, send the photos, bake a birthday cake,
pick up the parcel, feed the cat, proofread the thesis, paint the nursery, mow the lawn, bring the projector, repair
the gate, write a reference, organise the raffle, babysit on Friday, bring a salad, drive to the airport, knit a
scarf, translate the letter, hang up the shelves, lend out the van, call the landlord, book the table, teach the
song, mend the kite""",
    "subscription": """the gym, a music streaming service, the local newspaper, a vegetable box, a car-sharing club,
a film streaming service, a cloud backup, a coffee delivery, the theatre, a cycling magazine, a language app, a meal
kit, the swimming pool, a chess site, a science magazine, an audiobook service, the climbing hall, a photo program,
a flower delivery""",
    "charity": """the food bank, the animal shelter, the lifeboat station, a homework club, the community garden,
the hospice, the refugee centre, the repair cafe, the toy library, a hospital radio, the mountain rescue, a soup
kitchen, the bird sanctuary, the youth centre, the charity shop, the crisis helpline, the scouts, the Red Cross, the
village museum""",
    "bank_word": """Harbour, Northern, Alpine, Meridian, Crown, Union, Coastal, Heritage, Summit, Granite, Penta,
Cobalt, Baltic, Mutual, Sterling, Beacon, Atlantic, Fidelis, Helvetia, Orion, Pioneer, Trident, Unity, Verity,
Zenith, Evergreen""",
    "room_name": """Alba, Einstein, Jupiter, Maple, Nordic, Sahara, Tesla, Venus, Aquarium, Bamboo, Curie, Darwin,
Everest, Fuji, Galileo, Havana, Indigo, Kepler, Lisbon, Monet, Newton, Opal, Picasso, Ruby, Sirius, Tokyo, Ural,
Vermeer, Yukon, Zebra, Kiruna, Amazon, Bolivia, Dublin, Oslo, Madrid, Hubble, Ada, Mozart, Chopin, Saturn, Pluto,
Titan, Vega""",
    "hotel_word": """Bellevue, Astoria, Miramar, Panorama, Excelsior, Continental, Bristol, Metropol, Savoy, Aurora,
Belvedere, Carlton, Europa, Fontana, Gloria, Imperial, Lido, Majestic, Neptune, Polonia, Regina, Splendid, Terminus,
Victoria""",
    "school_name": """Saint Catherine's, Riverside, Oakfield, Northgate, Queen Mary, Hilltop, Maria Montessori,
Greenwood, Kingsway, Parkside, Saint Brendan's, Westbrook, Elmwood, Lakeside, Marie Curie, Saint Olave's, Ashgrove,
Millbrook, Highfield, Goethe, Harbourview, Saint Jude's, Willowdale, Fairview, Thornhill, Pestalozzi, Beechwood,
Castlegate""",
    "team": """design team, sales team, support team, finance department, legal department, marketing team, night
shift, research group, logistics team, payroll office, quality team, platform team, purchasing department, press
office, security team""",
    "event": """team meeting, parents' evening, choir rehearsal, budget review, house viewing, kick-off meeting,
book club, yoga class, job interview, tenants' meeting, farewell party, first-aid course, board meeting, school
concert, pub quiz, wine tasting, dress rehearsal, garden party, neighbourhood barbecue, flea market, housewarming,
thesis defence, christening, poetry reading, swimming lesson, information evening, driving test, training session,
fire drill, graduation ceremony""",
    "lock": """front door, garage, bike shed, gym locker, office alarm, safe, back gate, letterbox, holiday flat,
storage unit, cellar door, luggage lock, boat house, tablet, key box, allotment gate, music school, clubhouse,
server room, laundry room, burglar alarm, briefcase, car park barrier, parcel locker, roof terrace""",
    "shop": """online bookshop, shoe shop, furniture store, pharmacy, garden centre, bike shop, toy shop, wine
merchant, music shop, photo lab, pet shop, hardware store, tea shop, optician, electronics store, mattress shop,
fabric shop, camping outfitter""",
    "relation_extra": "sister, brother, cousin, uncle, aunt, grandmother, grandfather, niece, nephew",
    "domain": """mailbox.org, quickpost.net, fernmail.com, bluedesk.io, letterbird.org, postkorb.de, inboxly.com,
meadow.net, parcelmail.co, northpost.eu, tidymail.org, lakeside.edu, redkite.com, openpost.fr, sunmail.es,
harbour.net, pinemail.se, cloudbay.com, owlpost.org, zipmail.nl, kitemail.co.uk, greenmail.ch""",
    "network": """PenguinNet, Hollow Oak, Casa Verde, BlueLagoon, TheShire, Sunflower24, MoonBase, PicklesHome,
CafeNoir, RedPanda, LittleForest, NordLicht, Upstairs5G, Wolfsburrow, Lemonade, OldMill, StarDust, TurtlePond,
Hedgehog, KiteRunner, Snowdrop, Marble Arch, FoxDen, Applegate, TeaHouse, Lighthouse7""",
    "hint": """first pet, grandmother's village, favourite band, old school, first car, childhood street, best
friend's dog, favourite cheese, first teacher, lucky number, birthplace of mum, favourite river, old landlady,
honeymoon island, first phone, football hero, favourite poem, last holiday, brother's nickname, favourite mountain""",
    "topping": """mushrooms, olives, anchovies, pineapple, rocket, capers, artichokes, ham, jalapenos, spinach,
goat's cheese, onions, salami, sweetcorn, walnuts, figs, tuna, aubergine, pesto, chorizo, leeks, mozzarella,
peppers, courgettes, basil, gorgonzola, bacon, prawns, garlic, chillies, pears""",
    "ingredient": """smoked paprika, nutmeg, tarragon, lime juice, brown butter, star anise, miso, saffron,
cardamom, fish sauce, a bay leaf, juniper berries, orange zest, a spoonful of mustard, fennel seeds, coconut milk,
chilli flakes, white wine, anchovy paste, fresh dill, tamarind, cinnamon, buttermilk, sour cream, lovage, caraway""",
    "illness": """asthma, migraine, hay fever, high blood pressure, diabetes, a slipped disc, tinnitus, eczema,
anaemia, arthritis, a bad knee, low iron, insomnia, sinusitis, gastritis, a heart murmur, psoriasis, epilepsy, gout,
tennis elbow""",
    "bodypart": """left knee, right shoulder, lower back, left wrist, right ankle, neck, left hip, right elbow, big
toe, jaw, left foot, right hand, collarbone, left thumb, Achilles tendon, right heel, ribs, left ear""",
    "transport": """tram, bicycle, bus, train, metro, scooter, ferry, moped, car, on foot, kayak, e-bike, cable car,
car pool, motorbike, taxi, rollerblades, commuter train""",
    "doctor_kind": """dentist, dermatologist, eye doctor, physiotherapist, cardiologist, orthopaedist, GP,
allergist, ENT specialist, psychologist, neurologist, orthodontist, rheumatologist, osteopath,
diabetologist, sports doctor, lung specialist, radiologist, hand surgeon""",
    "thing_bought": """sofa, tent, mattress, bookcase, e-bike, camera, winter coat, dining table, phone, laptop,
armchair, kayak, rug, sewing machine, drone, telescope, guitar, fridge, tablet, wardrobe, keyboard, watch, saddle,
microscope, printer, electric piano, monitor, barbecue""",
}
