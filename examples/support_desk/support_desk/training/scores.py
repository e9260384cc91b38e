"""How well spans are found: a span counts only with the right type, start and end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from support_desk.extractor import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support_desk.trained.tagger.spans import Span


class Score(msgspec.Struct, frozen=True):
    """Precision, recall and their harmonic mean, between 0 and 1; `support` entities were there."""

    precision: float
    recall: float
    f1: float
    support: int


class Scores(msgspec.Struct, frozen=True):
    """`overall` counts every entity alike, whatever its type."""

    overall: Score
    types: dict[EntityType, Score]


class Tally:
    """Counts spans that are right, found and there."""

    def __init__(self) -> None:
        self._right: Counter[EntityType] = Counter()
        self._found: Counter[EntityType] = Counter()
        self._there: Counter[EntityType] = Counter()

    def add(self, found: Iterable[Span], there: Iterable[Span]) -> None:
        """Count the spans of one message."""
        one, two = set(found), set(there)
        self._right.update(span.type for span in one & two)
        self._found.update(span.type for span in one)
        self._there.update(span.type for span in two)

    def scores(self) -> Scores:
        """Give the scores of all messages counted."""
        counts = {
            kind: (self._right[kind], self._found[kind], self._there[kind]) for kind in EntityType
        }
        overall = _score(self._right.total(), self._found.total(), self._there.total())
        return Scores(overall, {kind: _score(*three) for kind, three in counts.items()})


def _score(right: int, found: int, there: int) -> Score:
    return Score(
        precision=right / found if found else 0.0,
        recall=right / there if there else 0.0,
        f1=2 * right / (found + there) if found + there else 0.0,
        support=there,
    )
