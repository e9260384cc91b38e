"""How far a quantile may be from the truth: intervals that 95 of 100 runs would have right.

The rank of a quantile among n independent requests is binomial, so two ranks bracket it, whatever
the distribution (order statistics). Latencies of a server are not independent: a slow moment makes
its neighbours slow. The design effect says by how much more the share of slow requests varies from
slice to slice than it would by chance; n is divided by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

ALPHA = 0.05
_Z = 1.959964
_NORMAL_FROM = 400.0
FEWEST_SLICES, MOST_SLICES = 5, 20


def quantile_bounds(count: float, q: float) -> tuple[float | None, float | None]:
    """The quantiles of the sample between which the true q-quantile lies.

    None where no request of `count` independent ones is that far out.
    """
    size = round(count)
    lower = _inverse(size, q, ALPHA / 2)
    upper = _inverse(size, q, 1 - ALPHA / 2) + 1
    return (
        (lower - 1) / max(1, size - 1) if lower >= 1 else None,
        (upper - 1) / max(1, size - 1) if upper <= size else None,
    )


def design_effect(sizes: Sequence[int], slow: Sequence[int]) -> float:
    """The variance of the share of slow requests, over what chance alone would make; at least 1.

    `sizes` and `slow` are of successive slices, merged to at most twenty. With fewer than five
    there is nothing to tell it from, and it is 1.
    """
    groups = [each for each in _grouped(sizes, slow) if each[0]]
    total, exceeding = sum(n for n, _ in groups), sum(k for _, k in groups)
    if len(groups) < FEWEST_SLICES or exceeding in (0, total):
        return 1.0
    share = exceeding / total
    varied = sum((k - share * n) ** 2 for n, k in groups) * len(groups) / (len(groups) - 1)
    return max(1.0, varied / (total * share * (1 - share)))


def share_bounds(count: float, happened: float) -> tuple[float, float]:
    """Wilson's interval of a share."""
    if not count:
        return 0.0, 1.0
    share, z2 = happened / count, _Z * _Z
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _grouped(sizes: Sequence[int], slow: Sequence[int]) -> list[tuple[int, int]]:
    width = max(1, math.ceil(len(sizes) / MOST_SLICES))
    return [
        (sum(sizes[start : start + width]), sum(slow[start : start + width]))
        for start in range(0, len(sizes), width)
    ]


def _inverse(n: int, p: float, probability: float) -> int:
    """The smallest k of which a binomial(n, p) is at most k with the probability or more."""
    variance = n * p * (1 - p)
    if variance > _NORMAL_FROM:
        z = _Z if probability > ALPHA else -_Z
        return math.floor(n * p + z * math.sqrt(variance) + 0.5)
    first = max(0, math.floor(n * p - 12 * math.sqrt(variance)) - 30)
    passed = 0.0
    for k in range(first, n + 1):
        passed += math.exp(_log_chance(n, k, p))
        if passed >= probability:
            return k
    return n


def _log_chance(n: int, k: int, p: float) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return ways + k * math.log(p) + (n - k) * math.log1p(-p)
