"""What a memory keeps on disk: every span in order, its facts, what was decided about it. Imports no torch."""

from titans_edge.journal.journal import Journal
from titans_edge.journal.schema import Entry, NewSpan

__all__ = ["Entry", "Journal", "NewSpan"]
