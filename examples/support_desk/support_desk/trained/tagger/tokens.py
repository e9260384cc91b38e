"""Cuts a text into words, numbers and signs, each with its place in the text.

Whatever is not white space belongs to one token, and a span of characters that begins or ends
within a token cannot be found: the pattern therefore cuts a number from its unit (`30|£`), a name
from its genitive (`Ann|'s`), and keeps `4th`, `12:45`, `1,000.50` and `p.m.` whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    \d+ (?: st | nd | rd | th ) \b        # 4th
    | \d+ (?: [.,:] \d+ )*                # 12   12:45   1,000.50
    | (?<! [^\W\d_] ) [ap] \.\s?m\b \.?   # p.m.
    | ['\u2019] s \b                      # Ann's
    | [^\W\d_]+                           # letters
    | \S                                  # a sign
    """,
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: its `[start:end]`, counted in code points."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Cut `text`; the tokens are apart, in order, and hold all but the white space."""
    return [Token(found[0], found.start(), found.end()) for found in _TOKEN.finditer(text)]
