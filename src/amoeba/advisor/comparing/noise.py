"""What chance may have made: intervals over rounds, and whether two topologies differ.

A round is one independent run, so its figure is one observation: intervals and differences are
Student's and Welch's, at 95 %. Rows whose figures are all positive and vary by factors, such as
latencies and rates, are compared as logarithms.
"""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from amoeba.advisor.comparing.model import Better, Standing

SMALLEST = 0.02
"""A smaller relative difference is none: latencies are known within 1.6 % only."""

# The 97.5 % quantile of Student's t by degrees of freedom; between and beyond them, interpolated
# in 1/df, which is exact to the third digit.
_T = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 8: 2.306, 10: 2.228, 15: 2.131,
      20: 2.086, 30: 2.042, 60: 2.000, 120: 1.980}  # fmt: skip
_T_LIMIT = 1.960


def as_logs(values: Iterable[Sequence[float]]) -> bool:
    """Whether a row's values, of all topologies, are to be compared as logarithms."""
    return all(value > 0 for each in values for value in each if not math.isnan(value))


def interval(
    values: Sequence[float], *, logs: bool = False
) -> tuple[float, float | None, float | None]:
    """The middle of the rounds' values and the 95 % interval of it; None from a single round.

    It is nan when a round's is: the rounds that are known may be the better ones.
    """
    if not values or any(map(math.isnan, values)):
        return math.nan, None, None
    data = _scaled(values, logs=logs)
    middle = statistics.fmean(data)
    back = math.exp if logs else float
    if len(data) < 2:
        return values[0], None, None
    half = student(len(data) - 1) * statistics.stdev(data) / math.sqrt(len(data))
    return back(middle), back(middle - half), back(middle + half)


def differ(one: Sequence[float], other: Sequence[float], *, logs: bool = False) -> bool | None:
    """Whether two topologies' values differ by more than noise; None when it cannot be known."""
    if len(one) < 2 or len(other) < 2:
        return None
    first, second = _scaled(one, logs=logs), _scaled(other, logs=logs)
    gap = abs(statistics.fmean(first) - statistics.fmean(second))
    if gap <= _least(first, second, logs=logs):
        return False
    shares = [statistics.variance(each) / len(each) for each in (first, second)]
    error = sum(shares)
    if not error:
        return True
    freedom = error**2 / sum(
        share**2 / (len(each) - 1) for share, each in zip(shares, (first, second), strict=True)
    )
    return gap / math.sqrt(error) > student(freedom)


def standings(values: Mapping[str, Sequence[float]], better: Better) -> dict[str, Standing]:
    """How each topology's values, one of each round, stand to the best one's."""
    logs = as_logs(values.values())
    return _stood(values, better, logs=logs, differs=lambda a, b: differ(a, b, logs=logs))


def counted(values: Mapping[str, float], better: Better) -> dict[str, Standing]:
    """The same of what is counted: every difference is one."""
    lists = {name: [value] for name, value in values.items()}
    return _stood(lists, better, logs=False, differs=lambda a, b: list(a) != list(b))


def _stood(
    values: Mapping[str, Sequence[float]],
    better: Better,
    *,
    logs: bool,
    differs: Callable[[Sequence[float], Sequence[float]], bool | None],
) -> dict[str, Standing]:
    known = {name: each for name, each in values.items() if each and not any(map(math.isnan, each))}
    found: dict[str, Standing] = dict.fromkeys(values, "")
    if not better or not known:
        return found
    if len(known) == 1:
        return found | {next(iter(known)): "only"}
    sign = 1 if better == "less" else -1
    best = min(known, key=lambda name: sign * statistics.fmean(_scaled(known[name], logs=logs)))
    for name, each in known.items():
        if name != best:
            found[name] = _standing(differs(known[best], each), each, known[best])
    others = [found[name] for name in known if name != best]
    alone = all(other == "worse" for other in others)
    unknown = all(not other for other in others)
    found[best] = "best" if alone else "" if unknown else "same"
    return found


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's t."""
    if freedom <= 1:
        return _T[1]
    below = max(df for df in _T if df <= freedom)
    above = min((df for df in _T if df >= freedom), default=None)
    if above == below:
        return _T[below]
    end, limit = (1 / above, _T[above]) if above else (0.0, _T_LIMIT)
    part = (1 / below - 1 / freedom) / (1 / below - end)
    return _T[below] + part * (limit - _T[below])


def _standing(differs: bool | None, values: Sequence[float], best: Sequence[float]) -> Standing:
    if differs is None:  # counted once: what is equal is, and what is not is not
        return "same" if list(values) == list(best) else ""
    return "worse" if differs else "same"


def _least(one: Sequence[float], other: Sequence[float], *, logs: bool) -> float:
    """What a difference must exceed to be one."""
    if logs:
        return math.log1p(SMALLEST)
    return SMALLEST * max(abs(statistics.fmean(one)), abs(statistics.fmean(other)))


def _scaled(values: Sequence[float], *, logs: bool) -> list[float]:
    return [math.log(value) for value in values] if logs else list(values)
