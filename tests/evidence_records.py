"""Records to store: one of each kind with every field set, and hypothesis strategies for any."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from amoeba.evidence.records import (
    HTTP,
    EdgeTotals,
    Interval,
    Live,
    ProcessTotals,
    Samples,
    Span,
)
from amoeba.evidence.store import Store

HOUR_S, DAY_S = 3600, 86400
NOON_S = 472_222 * 3600.0
"""An hour of the clock, in November 2023."""
LIVE = Live("desk", "apart", "c0de", {"main": (("gateway", "tickets"), 1)}, {"tickets": "v1"})


class Clock:
    """Time as a test wants it."""

    def __init__(self, now_s: float = NOON_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def edge(calls: int = 1, method: str = "open", caller: str = "gateway") -> EdgeTotals:
    return EdgeTotals(caller, "tickets", method, calls, {}, 0, {200: calls} if calls else {})


def span(trace: int, number: int = 1, parent: int = 0, start_ns: int = 0, **more: Any) -> Span:
    ids = f"{trace:032x}", f"{number:016x}", f"{parent:016x}" if parent else ""
    caller = "gateway" if parent else HTTP
    module, method = ("tickets", "open") if parent else ("gateway", "POST /tickets")
    return Span(*ids, caller, module, method, "main.0", start_ns, **{"duration_ns": 1000} | more)


def interval(start_s: float = NOON_S, calls: int = 1, width_s: float = 10.0) -> Interval:
    return Interval(start_s, width_s, [edge(calls)], {"main.0": ProcessTotals(cpu_ns=calls)})


def busy_interval(start_s: float, edges: int = 20, spans: int = 100, seed: int = 0) -> Interval:
    """An interval as a busy application writes it."""
    rng = random.Random(seed)
    found = [
        EdgeTotals(
            "gateway", "tickets", f"m{n}", 50, {}, 0, {rng.randrange(900): 2 for _ in "x" * 25}
        )
        for n in range(edges)
    ]
    of_trace = [
        span(rng.getrandbits(128), rng.getrandbits(64), 0, int(start_s * 1e9)) for _ in "x" * spans
    ]
    return Interval(start_s, 10.0, found, {"main.0": ProcessTotals(cpu_ns=5)}, of_trace)


def keep(path: Path, *intervals: Interval, live: Live = LIVE, now_s: float = NOON_S) -> None:
    """A file with one ended period that has these intervals."""
    with Store.open(path, clock=Clock(now_s)) as store:
        store.went_live(live)
        for each in intervals:
            store.add(each)
        store.ended()


counts = st.integers(0, 2**40)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
histograms = st.dictionaries(st.integers(0, 2000), st.integers(1, 2**40), max_size=6)
samples = st.builds(
    Samples,
    *[counts] * 7,
    by_size=st.dictionaries(st.integers(0, 40), st.tuples(counts, counts), max_size=3),
)
edges = st.builds(
    EdgeTotals,
    st.sampled_from([HTTP, "gateway", "tickets"]),
    st.sampled_from(["tickets", "models"]),
    st.sampled_from(["open", "close"]),
    counts,
    st.dictionaries(names, counts, max_size=2),
    counts,
    histograms,
    histograms,
    samples,
)
processes = st.builds(
    ProcessTotals,
    *[counts] * 7,
    gpu_bytes=st.none() | counts,
    gpu_busy=st.none() | st.floats(0, 1),
    loop_lag=histograms,
    blocked_by=st.dictionaries(names, counts, max_size=2),
    cpu_by_module=st.dictionaries(names, counts, max_size=2),
)
replicas = st.dictionaries(st.sampled_from(["main.0", "models.0", "models.1"]), processes)
