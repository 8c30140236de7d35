"""All topics, parsed once, and which of them lie so near each other that one may answer a question about the other."""

from __future__ import annotations

from functools import lru_cache

from titans_edge.stories.people import (
    topics_contact,
    topics_family,
    topics_health,
    topics_home,
    topics_leisure,
    topics_money,
    topics_study,
    topics_taste,
    topics_things,
    topics_travel,
    topics_work,
)
from titans_edge.stories.people.topic import Topic, parse

_TABLES = (
    topics_home, topics_family, topics_contact, topics_work, topics_study, topics_health,
    topics_taste, topics_leisure, topics_things, topics_money, topics_travel,
)  # fmt: skip

NEAR = (
    "home address floor origin move_date neighbour landlord rent flatmate",
    "job employer colleague boss salary work_start desk commute commute_time staff_number volunteer",
    "medicine dose medicine_time illness injury pharmacy appointment doctor allergy glasses",
    "fav_food dislike pizza restaurant diet recipe oven ref_restaurant bring_party fav_drink shopping",
    "fav_film watching fav_book reading fav_band fav_game collects",
    "partner anniversary wedding_place",
    "hobby sport club training instrument fan running",
    "car plate parking bike bike_colour ref_bike bought bought_shop warranty",
    "place places lost ref_place lent lent_to borrowed plant_place",
    "project deadline thesis",
    "event_time event_room event_start event_lead ref_event",
    "school kid_school teacher studies exam fav_subject grade language mother_tongue",
    "children kid_name kid_age siblings relative in_law",
    "name nickname age birth_year birthday zodiac",
    "phone email device",
    "bank account budget savings invoice invoice_sum order delivery subscription subscription_end",
    "insurance policy member_no password_hint locker code wifi",
    "trip trip_when trip_length been flight flight_no gate train platform seat hotel hotel_room",
    "visit meet_at meet_when pickup call",
    "fault repair_date plumber",
    "size shoe height weight blood",
    "weekend yesterday dream promise present_for",
)
ONE_OF = (  # of each of these at most one is told of the same person, so that nothing contradicts
    "fav_food dislike pizza diet allergy restaurant",
    "age birth_year",
    "medicine dose medicine_time",
    "partner anniversary",
    "job studies",
    "children kid_name kid_age",
    "home been trip",
    "siblings relative",
)


@lru_cache(1)
def topics() -> tuple[Topic, ...]:
    """Every topic of every table."""
    return tuple(t for table in _TABLES for t in parse(table.TABLE))


@lru_cache(None)
def near(group: str) -> str:
    """The name of the cluster of topics a group belongs to."""
    return next((c for c in NEAR if group in c.split()), group)


@lru_cache(None)
def exclusive(group: str) -> str:
    """The name of the set of which one person is told at most one."""
    return next((c for c in ONE_OF if group in c.split()), group)
