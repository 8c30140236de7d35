"""Prose that has nothing to do with anybody's memory, to take the backbone's loss on. Our own words."""

from __future__ import annotations

PASSAGES = (
    "A kettle begins to sing well before the water boils. Small bubbles form at the hot metal, rise into cooler water"
    " and collapse, and those tiny collapses are what we hear. Near the boiling point the bubbles survive, and it "
    "grows softer.",
    "Old maps often show the coast with great care and leave the inland empty. Sailors paid for maps, and sailors had"
    " no use for mountains they would never climb. An empty page was more honest than a page full of invented rivers.",
    "Bread rises because yeast eats sugar and breathes out gas. The dough must be strong enough to hold that gas and "
    "weak enough to stretch around it. Kneading does both, which is why it takes longer than anyone expects.",
    "Most clocks go wrong slowly. A pendulum swings a little wider in winter than in summer, and after a month the "
    "minutes no longer agree with the sun. Watchmakers spent two centuries on metals that do not mind the weather.",
    "Why do leaves turn yellow in autumn? The green pigment is costly, so the tree takes it apart and stores the "
    "pieces. What remains was there all summer, only hidden.",
    "A good footpath is a conversation between feet and water. Where the rain runs along it, the path becomes a "
    "ditch. Whoever builds one therefore looks first at the slope and only then at the view.",
    "Could you explain how a lock on a canal works? A boat enters a chamber, the gates close behind it, and water is "
    "let in or out until the levels match. Nothing is pumped; the river does all the work.",
    "Wool keeps its warmth when it is wet because the fibres are crimped. The bends hold small pockets of air apart, "
    "even with water on their surface. Cotton has no such bends and goes cold at once.",
    "Chess players remember positions, not pieces. Shown a board from a real game they can rebuild it after a glance,"
    " but shown pieces thrown together at random they do no better than anyone else.",
    "The first bicycles had no pedals. The rider pushed against the ground and rolled until the road went uphill "
    "again. It took forty years before somebody noticed that balance does not need the feet.",
    "Write a function that returns the longest word of a sentence. Split the sentence at blanks, compare the lengths "
    "one after another, and keep the first of those that are equally long.",
    "Salt makes ice melt, yet it also makes it colder. Melting takes heat from the surroundings, and salt keeps it "
    "going below the usual point. Ice cream was made this way long before there were refrigerators.",
    "What makes a violin expensive is seldom its sound. Listeners behind a curtain prefer new ones as often as old "
    "ones. Age, however, can be read from the varnish, and sound cannot be read from anything.",
    "Migrating birds use more than one compass. By day they look at the sun, by night at the stars; under clouds they"
    " seem to feel the field of the earth. When the three disagree, they wait.",
    "A library arranges its books so that a reader finds what was not looked for. Shelves by colour or size would "
    "save space and lose that. The catalogue answers questions; the shelf asks them.",
    "How does soap remove grease? One end of its molecule clings to water and the other to fat. Rubbing breaks the "
    "grease into drops, each wrapped in soap, and the water carries them away.",
    "Glass is often called a slow liquid, which it is not. Old window panes are thicker at the bottom because "
    "glaziers put the heavy edge there. At room temperature the flow would take longer than the age of the universe.",
    "Summarise the following in one sentence. Rivers in flat land wander, because the water on the outside of a bend "
    "is faster and eats the bank, while on the inside sand is laid down. Each bend makes itself larger until the "
    "river cuts it off.",
    "Sleep is not one thing. In the first hours the body repairs itself and the brain is quiet; towards morning the "
    "brain is nearly as busy as by day. Dreams belong mostly to the second part.",
    "The price of a thing tells strangers how to cooperate. Nobody needs to know why copper has become scarce; it is "
    "enough that everyone uses a little less of it. That is also why wrong prices do so much harm.",
)
