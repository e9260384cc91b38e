"""What the model sees of each token: names of features, of which each has a weight per label.

::

    transfer £ 700 to guy kephart   ->   at `guy`: "w=guy"  "w-1=to"  "k=rare"  "k-1=to"
                                         "link=to|rare"  "p=gu"  "shape=xx"  …

A word is seen in lower case and by its kind too (`lexicon`), so that a name no model was trained
on, and one that the customer did not capitalise, still has features in common with others.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from support_desk.trained.tagger.lexicon import KINDS, LINKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from support_desk.trained.tagger.tokens import Token

NEIGHBOURS = (-2, -1, 1, 2)
AFFIXES = (1, 2, 3, 4)
REACH = 5
"""How many tokens back a small word is looked for that leads to this one."""

_CLOCK = re.compile(r"[0-2]?\d[:.][0-5]\d")


def features(tokens: Sequence[Token], vocabulary: AbstractSet[str]) -> list[list[str]]:
    """Give the features of each token; a word outside `vocabulary` may be a name."""
    return _Sentence(tokens, vocabulary).features()


def normal(word: str) -> str:
    """Give the form of a word in which `vocabulary` has it."""
    return word.lower().replace("\u2019", "'")  # a typographic apostrophe


class _Sentence:
    """The tokens of one message in the forms that features are made of."""

    def __init__(self, tokens: Sequence[Token], vocabulary: AbstractSet[str]) -> None:
        self.raw = [token.text for token in tokens]
        self.low = [normal(word) for word in self.raw]
        self.words = [_digits(word) for word in self.low]
        self.kinds = [_kinds(word, vocabulary) for word in self.low]
        self.classes = ["+".join(kinds[:2]) for kinds in self.kinds]
        self.shapes = [_shape(word) for word in self.raw]
        self.glued = [False, *(one.end == two.start for one, two in pairwise(tokens)), False]
        self.cased = any(word[0].isupper() and word != "I" for word in self.raw[1:])

    def features(self) -> list[list[str]]:
        return [
            [
                *self._word(place),
                *self._neighbours(place),
                *self._runs(place),
                *self._links(place),
                *self._numbers(place),
            ]
            for place in range(len(self.raw))
        ]

    def _word(self, place: int) -> list[str]:
        word, upper = self.low[place], self.raw[place][0].isupper()
        found = ["always", f"w={self.words[place]}", f"shape={self.shapes[place]}"]
        found += [f"k={kind}" for kind in self.kinds[place]]
        found += [f"case={upper}|{self.cased}|{self.classes[place]}"]
        if upper and place:
            found.append("capital")
        for size in AFFIXES:
            if len(word) > size:
                found += [f"p={word[:size]}", f"s={word[-size:]}"]
        return found

    def _neighbours(self, place: int) -> list[str]:
        found = [f"w{by:+}={_at(self.words, place + by)}" for by in (-3, *NEIGHBOURS, 3)]
        for by in NEIGHBOURS:
            if 0 <= place + by < len(self.raw):
                found += [f"k{by:+}={kind}" for kind in self.kinds[place + by]]
        for by in (-1, 1):
            if 0 <= place + by < len(self.raw):
                found.append(f"shape{by:+}={self.shapes[place + by]}")
        if self.glued[place]:
            found += ["glued-1", f"glued-1={self.classes[place - 1]}"]
        if self.glued[place + 1]:
            found += ["glued+1", f"glued+1={self.classes[place + 1]}"]
        return found

    def _runs(self, place: int) -> list[str]:
        """Give what two or three tokens in a row are."""
        word, kind = self.words[place], self.classes[place]
        words = [_at(self.words, place + by) for by in NEIGHBOURS]
        kinds = [_at(self.classes, place + by) for by in NEIGHBOURS]
        return [
            f"w-1w={words[1]}|{word}",
            f"ww+1={word}|{words[2]}",
            f"k-1k={kinds[1]}|{kind}",
            f"kk+1={kind}|{kinds[2]}",
            f"k-1kk+1={kinds[1]}|{kind}|{kinds[2]}",
            f"k-2k-1k={kinds[0]}|{kinds[1]}|{kind}",
            f"kk+1k+2={kind}|{kinds[2]}|{kinds[3]}",
            f"w-1k={words[1]}|{kind}",
            f"kw+1={kind}|{words[2]}",
            f"w-2w-1k={words[0]}|{words[1]}|{kind}",
        ]

    def _links(self, place: int) -> list[str]:
        """Give the words further back: all of them, and the small word that leads here."""
        found = [f"before={word}" for word in self.words[max(0, place - 6) : max(0, place - 2)]]
        kind = self.classes[place]
        for back in range(place - 1, max(-1, place - REACH - 1), -1):
            if self.low[back] in LINKS:
                link = self.low[back]
                found += [f"link={link}|{kind}", f"link={_at(self.words, back - 1)}|{link}|{kind}"]
                break
        return found

    def _numbers(self, place: int) -> list[str]:
        return [f"n={what}" for what in _number(self.raw[place])]


def _at(values: Sequence[str], place: int) -> str:
    """Give a value, or a mark for the place before the first and after the last."""
    if 0 <= place < len(values):
        return values[place]
    return "<" if place < 0 else ">"


def _kinds(word: str, vocabulary: AbstractSet[str]) -> tuple[str, ...]:
    kinds = KINDS.get(word, ())
    if word[0].isdigit():
        return (*kinds, "digits", "ordinal") if word[-1].isalpha() else (*kinds, "digits")
    if kinds:
        return kinds
    if word.isalpha():
        return ("known",) if word in vocabulary else ("rare",)
    return ("sign",)


def _digits(word: str) -> str:
    """Make all numbers of one form one word."""
    return re.sub(r"\d", "0", word) if word[0].isdigit() else word


def _shape(word: str) -> str:
    shape = ""
    for character in word:
        kind = "0" if character.isdigit() else character
        if character.isalpha():
            kind = "X" if character.isupper() else "x"
            if shape[-2:] == kind * 2:  # one shape for all words of three letters or more
                continue
        shape += kind
    return shape


def _number(word: str) -> list[str]:
    """Give what a number may stand for."""
    if _CLOCK.fullmatch(word):
        return ["clock"]
    if not word.isdecimal() or len(word) > 9:
        return []
    value = int(word)
    found = {
        "hour": value <= 24,
        "minute": value < 60 and value % 5 == 0,
        "day": 1 <= value <= 31,
        "more": value > 31,
        "year": 1900 <= value < 2100,
    }
    return [what for what, true in found.items() if true]
