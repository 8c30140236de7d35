"""Strings to try a tokenizer on: code, emoji, many scripts, whitespace of all sorts, digits, special tokens, and
mixtures.

Deterministic: a seed gives the same strings. All are in Unicode's composed form
(NFC): llama.cpp does not normalise, some tokenizers do.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence

_PIECES = {
    "words": (
        "Mary", "went", "to", "the", "kitchen", "don't", "I'LL", "we've", "naïve", "Ærøskøbing",
        "co-operate", "x_y", "HTTPServer", "iPhone15",
    ),
    "code": (
        "def f(x):\n\treturn x", "for (int i=0;i<n;++i){", "}\r\n", "  # ---", "a->b::c",
        "$HOME/.x", "<div class='a'>", "&&||!=", "0xFF", "\\n", "```py\n",
    ),
    "digits": ("0", "7", "42", "2026", "3.14159", "1,000,000", "12345678901234567890", "٣٤", "½", "x²", "1e-9"),
    "scripts": (
        "你好世界", "機械学習を使う", "한국어 문장", "Привет, мир", "γειά σου", "مرحبا بالعالم", "שלום",
        "हिन्दी भाषा", "ไทย", "ĐẶNG VĂN", "ßŒł",
    ),
    "emoji": ("🙂", "👩‍👩‍👧‍👦", "🇵🇹", "❤️", "👍🏽", "🤖🚀", "☃", "✓", "∑∫", "→", "…", "“quoted”", "—"),
    "spaces": (
        " ", "  ", "   ", "\t", "\t\t ", "\n", "\n\n", " \n \n", "\r\n\r\n", "\u00a0", "\u3000", "\u200b",
        "     \n  x", "\v", "\x0c",
    ),
    "odd": (
        "\u0001", "\u007f", "\ufeff", "\ufffd", "𝔘𝔫𝔦", "𓀀", "'s", "'S", "'re", "''", "!!!???", "---",
        "a'b'c", "'", "\"", "`",
    ),
}  # fmt: skip


def strings(count: int, special: Sequence[str] = (), seed: int = 0) -> Iterator[str]:
    """`count` strings: each piece alone, then mixtures of one to twelve pieces of one kind or of all."""
    kinds = dict(_PIECES)
    if special:
        kinds["special"] = tuple(special)
    alone = [p for pieces in kinds.values() for p in pieces]
    everything = tuple(alone)
    rng = random.Random(seed)
    made = 0
    while made < count:
        if made < len(alone):
            text = alone[made]
        else:
            pool = rng.choice([everything, everything, *kinds.values()])
            glue = rng.choice(["", "", " ", " ", "\n", "  "])
            text = glue.join(rng.choices(pool, k=rng.randint(1, 12)))
        made += 1
        yield unicodedata.normalize("NFC", text)
