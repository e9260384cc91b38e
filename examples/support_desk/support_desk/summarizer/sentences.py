"""Cuts a text into sentences, each of them a piece of the text as it stands there.

::

    text -> lines -> places where a sentence may end -> those where it does -> pieces, not too long

A full stop ends a sentence unless what stands around it says otherwise: `Mr. Pratt`, `No. 12`,
`5 p.m. today`. Full stops within a word (`£12.50`, addresses) are never looked at, because only
what has white space or the end of the text behind it may end a sentence; in Chinese and Japanese,
which write none, the full stop alone is enough.
"""

# ruff: noqa: RUF001 - marks that look alike belong to different scripts, and all are meant

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support_desk.summarizer.words import word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 300
"""No sentence has more characters: what is longer is cut where a clause, or else a word, ends."""

_NEAR = 16
"""Characters looked at before and after a full stop: no abbreviation is longer."""

_WRAPPED = 60
"""A line at least as long as this, before one in lower case, was wrapped by a mail program."""

_END = re.compile(
    r"""(?:(?<![.!?…؟۔।])[.!?…؟۔।]++ ["'”’»)\]*]*+ (?=\s|$))  # marks, and quotes that they close
      | (?:[。！？｡]+ ["'”’」』）]*)  # no space follows these
      | (?:[\n\r\u2028\u2029]\s*)
      | (?:(?<=\s)(?=[•▪●‣]))  # a list written in one line
    """,
    re.VERBOSE,
)
"""Takes time in proportion to the text: no run is tried from a place within it."""

_BULLET = re.compile(r"[-*•▪●‣·–—>]+\s+")
_CLAUSE_END = re.compile(r"[;:,]\s|\s[-–—]\s|[，、；：]")
_LIST_NUMBER = re.compile(r"\s*\(?\d{1,2}$")
_NUMBER = re.compile(r"#|[A-Z]{0,4}[-/]?\d")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")

_NEVER_LAST = word_set("mr mrs ms mx dr prof sr st messrs hr fr sra dna e.g i.e cf vs viz")
"""What follows always belongs to them."""

_BEFORE_A_NUMBER = word_set("no nos nr ref acc acct tel ext art fig p pp núm")
"""Abbreviations only where a number follows: `No. 12`, but `No. I did not.`"""

_BEFORE_LOWER_CASE = word_set(
    "approx etc inc ltd co corp plc dept est max min incl excl hrs mins kr jan feb mar apr jun jul "
    "aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun"
)
"""Abbreviations unless a new sentence seems to begin: with a capital letter."""


def sentences(text: str) -> list[str]:
    """Give the sentences of `text` in order, without bullets and the white space around them.

    Each is a substring of `text` of 1 to `LONGEST` characters.
    """
    found: list[str] = []
    start = 0
    for end in _ends(text):
        found += _pieces(_bare(text[start:end]))
        start = end
    return found


def _ends(text: str) -> Iterator[int]:
    """Give the places where a sentence ends and the next may begin."""
    start = 0
    for match in _END.finditer(text):
        mark = match.group().strip()
        goes_on = _goes_on(text, start, match) if mark else _is_wrapped(text, match)
        if not goes_on:
            start = match.end()
            yield start
    yield len(text)


def _is_wrapped(text: str, line_end: re.Match[str]) -> bool:
    before = line_end.start() - (text.rfind("\n", 0, line_end.start()) + 1)
    following = text[line_end.end() : line_end.end() + 1]
    return line_end.group().count("\n") == 1 and before >= _WRAPPED and following.islower()


def _goes_on(text: str, start: int, mark: re.Match[str]) -> bool:
    """Tell whether the sentence that began at `start` goes on after the mark."""
    rest = text[mark.end() : mark.end() + _NEAR].lstrip(" \t\"'“‘«(")
    marks = mark.group()
    if marks != ".":
        # `"Success!" and`, `well... maybe`: lower case after a quote or an ellipsis.
        paused = marks[-1] not in ".!?" or marks.startswith((".", "…"))
        return paused and rest[:1].islower()
    return _is_abbreviation(text[max(start, mark.start() - _NEAR) : mark.start()], rest)


def _is_abbreviation(so_far: str, rest: str) -> bool:
    """Tell whether the full stop between `so_far` and `rest` belongs to an abbreviation."""
    last = ["", *so_far.split()][-1].lstrip("([\"'“‘«")
    lower = last.lower()
    if lower in _NEVER_LAST or _LIST_NUMBER.fullmatch(so_far):
        return True
    if lower in _BEFORE_A_NUMBER:
        return _NUMBER.match(rest) is not None
    if lower in _BEFORE_LOWER_CASE or _INITIALS.fullmatch(last):
        return not rest[:1].isupper()
    return len(last) == 1 and last.isupper() and last != "I" and rest[:1].isupper()


def _bare(piece: str) -> str:
    stripped = piece.strip()
    bullet = _BULLET.match(stripped)
    return stripped[bullet.end() :] if bullet else stripped


def _pieces(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        cut = _cut(sentence)
        yield sentence[:cut].strip()
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence


def _cut(sentence: str) -> int:
    """Find where to cut what is too long: after a clause, else after a word, else anywhere.

    The second half of what fits is preferred, so that no piece is a mere scrap.
    """
    clauses = [match.end() for match in _CLAUSE_END.finditer(sentence, LONGEST // 2, LONGEST)]
    if clauses:
        return clauses[-1]
    space = re.search(r"\s\S*$", sentence[:LONGEST])
    return space.start() + 1 if space else LONGEST
