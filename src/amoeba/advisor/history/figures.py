"""Figures of modules: how often they change, and which of them together."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import msgspec

from amoeba.advisor.history.history import Change, History, Share

_DAY_S = 86_400


class Churn(msgspec.Struct, frozen=True):
    """How much a module changes. `days` are those, of UTC, on which somebody changed it."""

    module: str
    changes: int
    added: int
    deleted: int
    authors: int
    days: int


class CoChange(msgspec.Struct, frozen=True):
    """How often two modules change together: `together` of all changes that touch either.

    `of_one` and `of_other` are the share of each one's changes that touch the other.
    """

    one: str
    other: str
    together: Share
    of_one: Share
    of_other: Share


def churn(history: History) -> list[Churn]:
    """The churn of each module, that of those without a change too."""
    return [_churn(module, history) for module in history.modules]


def co_changes(history: History) -> list[CoChange]:
    """Pairs of modules that ever changed together, the most often first."""
    alone = Counter(module for change in history.changes for module in change.modules)
    pairs = Counter(
        pair for change in history.changes for pair in combinations(sorted(change.modules), 2)
    )
    return [
        CoChange(
            one=one,
            other=other,
            together=Share(count, alone[one] + alone[other] - count),
            of_one=Share(count, alone[one]),
            of_other=Share(count, alone[other]),
        )
        for (one, other), count in sorted(pairs.items(), key=lambda each: (-each[1], each[0]))
    ]


def crossing(history: History) -> Share:
    """The share of changes that touch two modules or more."""
    changes = history.of_modules
    return Share(sum(len(change.modules) > 1 for change in changes), len(changes))


def shared(history: History) -> Share:
    """The share of all changes that touch code beside the modules, which any of them may use."""
    return Share(sum(change.shared for change in history.changes), len(history.changes))


def _churn(module: str, history: History) -> Churn:
    changes: list[Change] = [change for change in history.changes if module in change.modules]
    lines = [change.modules[module] for change in changes]
    return Churn(
        module=module,
        changes=len(changes),
        added=sum(each.added for each in lines),
        deleted=sum(each.deleted for each in lines),
        authors=len({author for change in changes for author in change.authors}),
        days=len({change.at_s // _DAY_S for change in changes}),
    )
