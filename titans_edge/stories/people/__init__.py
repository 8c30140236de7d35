"""What people really say of themselves, invented: `people(seed, n)` yields simulated persons to train and test on."""

from titans_edge.stories.people.generator import people
from titans_edge.stories.people.model import Alike, Asked, Change, Person, Told, TwoFacts
from titans_edge.stories.people.world import WORLD

__all__ = ["Alike", "Asked", "Change", "Person", "Told", "TwoFacts", "people", "world"]


def world() -> list[str]:
    """Questions and requests that are about nothing told."""
    return WORLD.strip().splitlines()
