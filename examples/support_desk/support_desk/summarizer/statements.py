"""The sentences of a conversation that are considered at all: enough of them, never too many.

The work is bounded whatever comes in. Read are the customer's opening, which tells the problem, and
from the newest message backwards as many sentences as fit::

    |- opening -|. . . . . . . . not read . . . . . . . .|------- newest -------|

A text without any letter or digit is passed over and costs no place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_desk.summarizer import Author, Turn
from support_desk.summarizer.sentences import sentences
from support_desk.summarizer.words import WORD, terms, words

if TYPE_CHECKING:
    from collections.abc import Sequence

OPENING = 20
"""Sentences read of the first message of the customer."""

NEWEST = 100
"""Sentences read from the end backwards; the oldest message read counts with its last ones."""

LONGEST_TEXT = 5000
"""Characters read of a message, from its first word on."""

MOST_TERMS = 40
"""Terms of a sentence that are compared with those of others."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, where it stands (`turn`, then `place` within the turn) and what it is made of."""

    text: str
    author: Author
    turn: int
    place: int
    words: tuple[str, ...]
    terms: tuple[str, ...]


def statements(conversation: Sequence[Turn]) -> list[Statement]:
    """Give the sentences with words that are read, in the order of the conversation."""
    newest: list[Statement] = []
    for turn in range(len(conversation) - 1, -1, -1):
        room = NEWEST - len(newest)
        if room <= 0:
            break
        newest = _said(conversation[turn], turn)[-room:] + newest
    return _opening(conversation, before=newest) + newest


def _opening(conversation: Sequence[Turn], before: Sequence[Statement]) -> list[Statement]:
    """Give the start of the customer's first message with words, as far as not in `before`."""
    if not before:
        return []
    first = before[0]
    for turn in range(first.turn + 1):
        said = conversation[turn]
        if said.author is Author.CUSTOMER and WORD.search(said.text):
            opening = _said(said, turn)[:OPENING]
            return [one for one in opening if (turn, one.place) < (first.turn, first.place)]
    return []


def _said(said: Turn, turn: int) -> list[Statement]:
    found = []
    for place, text in enumerate(sentences(_readable(said.text))):
        spoken = words(text)
        if spoken:
            meant = tuple(terms(spoken)[:MOST_TERMS])
            found.append(Statement(text, said.author, turn, place, tuple(spoken), meant))
    return found


def _readable(text: str) -> str:
    first = WORD.search(text)
    if first is None:
        return ""
    return text if len(text) <= LONGEST_TEXT else text[first.start() :][:LONGEST_TEXT]
