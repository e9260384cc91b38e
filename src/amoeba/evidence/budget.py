"""How often to look closely: at most so often, and at most for a share of the time."""

from __future__ import annotations

import random
import sys

SHARE = 0.01
"""Of the time that what looking closely costs may take."""

NEVER = sys.maxsize
_MOST_PER_S = 10
_LEAST_GAP_NS = 1_000_000_000 // _MOST_PER_S


def next_sample_ns(now_ns: int, cost_ns: int) -> int:
    """When to look closely again, after a sample that cost `cost_ns` more than the call alone.

    One that cost much puts the next off in proportion. The gap is varied, so that what happens in
    step with it is not always or never seen.
    """
    gap = max(_LEAST_GAP_NS, int(cost_ns / SHARE))
    return now_ns + int(gap * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
