"""How much each statement matters, before any is chosen.

::

    (centrality + place + signals) * length * author

The numbers were set on every second conversation of `tests/data/conversations.jsonl`, with a test
that measures the others. Small changes to them make little difference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from support_desk.summarizer import Author, signals
from support_desk.summarizer.centrality import centralities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_desk.summarizer.centrality import Floats
    from support_desk.summarizer.statements import Statement

CENTRALITY = 0.6
"""For the most central statement; the others have their part of it."""

FIRST_PROBLEM = 0.5
RESOLUTION = 0.6
"""For the first statement of the customer, or of the last answer; half for the second, ..."""

SIGNALS = (
    (signals.detail, 0.25),
    (signals.trouble, 0.35),
    (signals.request, 0.35),
    (signals.promise, 0.45),
    (signals.inquiry, -0.6),
)
AGENT = 0.9
"""What an agent's words weigh; a customer's weigh 1."""

ENOUGH_WORDS = 6
MANY_WORDS = 30


def saliences(statements: Sequence[Statement], similarity: Floats) -> list[float]:
    """Give a number per statement, greater where it matters more."""
    places = _places(statements)
    central = centralities(similarity).tolist()
    found = []
    for one, place, centrality in zip(statements, places, central, strict=True):
        told = sum(weight for shows, weight in SIGNALS if shows(one))
        whole = CENTRALITY * centrality + place + told
        found.append(whole * _length(len(one.words)) * (AGENT if one.author is Author.AGENT else 1))
    return found


def _places(statements: Sequence[Statement]) -> list[float]:
    """Favour the first statements of the customer, and what the agent said last."""
    customers = 0
    last = max((one.turn for one in statements if one.author is Author.AGENT), default=-1)
    answers = 0
    places = []
    for one in statements:
        if one.author is Author.CUSTOMER:
            customers += 1
            places.append(FIRST_PROBLEM / customers)
        elif one.turn == last:
            answers += 1
            places.append(RESOLUTION / answers)
        else:
            places.append(0.0)
    return places


def _length(words: int) -> float:
    """Favour sentences that say something and can still be read at a glance."""
    if words < ENOUGH_WORDS:
        return (words + 2) / (ENOUGH_WORDS + 2)
    return min(1.0, math.sqrt(MANY_WORDS / words))
