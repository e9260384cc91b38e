"""Which request comes next, and with which row: by weight, from the seed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amoeba.load.scenario import Request, Scenario

_NOTHING: dict[str, Any] = {}


class Mix:
    """An endless sequence of requests; the same seed gives the same one."""

    def __init__(self, scenario: Scenario) -> None:
        seed = scenario.arrivals.seed
        self._requests = scenario.requests
        self._weights = list(itertools.accumulate(each.weight for each in scenario.requests))
        self._chance = random.Random(f"mix {seed}")  # noqa: S311 - statistics, no secret
        self._rows = {each.name: _rows(each, seed) for each in scenario.requests}
        self._number = itertools.count()

    def next(self) -> tuple[Request, Mapping[str, Any], int]:
        """The next request, its row and its number."""
        (request,) = self._chance.choices(self._requests, cum_weights=self._weights)
        return request, next(self._rows[request.name]), next(self._number)


def _rows(request: Request, seed: int) -> Iterator[Mapping[str, Any]]:
    if request.data is None:
        return itertools.repeat(_NOTHING)
    if request.data.order == "sequential":
        return itertools.cycle(request.data.rows)
    chance = random.Random(f"rows of {request.name} {seed}")  # noqa: S311 - statistics, no secret
    rows = request.data.rows
    return (rows[chance.randrange(len(rows))] for _ in itertools.count())
