"""Whether what was promised was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from amoeba.evidence.histogram import bucket_of
from amoeba.load.figures import FAILED, slow_share_bounds
from amoeba.load.scenario import QUANTILES

if TYPE_CHECKING:
    from amoeba.load.figures import Figures
    from amoeba.load.recording import Series
    from amoeba.load.scenario import Limit


class Check(msgspec.Struct, frozen=True):
    """One promise and what was measured: milliseconds, or a share of failed requests.

    `measured` is null where the quantile falls among failures, or nothing arrived. `low` and `high`
    are its 95 % interval. `sure`: so is it whichever way chance had it, at 95 %: the share of
    requests over the limit is significantly less, or more, than may be.
    """

    figure: str
    request: str
    at_most: float
    measured: float | None
    low: float | None
    high: float | None
    met: bool
    sure: bool


def judge(
    limits: Iterable[Limit], found: Mapping[str, tuple[Figures, Sequence[Series]]]
) -> list[Check]:
    """Each limit against the requests it is of; those of all requests have no name."""
    return [_check(limit, *found[limit.request]) for limit in limits]


def allowed_share(limit: Limit) -> float:
    """The share of requests that may be over the limit."""
    if limit.figure == "error_rate":
        return limit.at_most
    return 1 - QUANTILES[limit.figure.removesuffix("_ms")]


def first_over(limit: Limit) -> int:
    """The first bucket that is over the limit; that of failures, where they alone count."""
    return FAILED if limit.figure == "error_rate" else bucket_of(round(limit.at_most * 1e6)) + 1


def _check(limit: Limit, figures: Figures, many: Sequence[Series]) -> Check:
    low, high = slow_share_bounds(many, first_over(limit))
    allowed = allowed_share(limit)
    if limit.figure == "error_rate":
        measured: float | None = figures.error_rate
        shown: tuple[float | None, float | None] = (low, high)
    else:
        quantile = figures.latency[limit.figure.removesuffix("_ms")]
        measured, shown = quantile.value, (quantile.low, quantile.high)
    met = measured is not None and measured <= limit.at_most and figures.arrived > 0
    sure = figures.arrived > 0 and (high <= allowed if met else low > allowed)
    return Check(limit.figure, limit.request, limit.at_most, measured, *shown, met, sure)
