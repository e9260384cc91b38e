"""A comparison as data: what is printed with `--json`, and what table and page are made of.

    Comparison → groups (deployment, latency, …) → rows → a cell per topology

Units of cells are those of their row. What could not be measured has no value and says why.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from amoeba.app.prices import Pricing

Unit = Literal["", "s", "ms", "share", "1/s", "MiB", "CPUs", "GPUs", "money/month"]
Better = Literal["less", "more", ""]
Standing = Literal["best", "same", "worse", "only", ""]


class Cell(msgspec.Struct, frozen=True):
    """One figure of one topology.

    `low` and `high` are the 95 % interval over the rounds, None for what is counted and not
    measured, or measured once. `standing`: `best`, better than every other by more than noise;
    `same`, not to be told from the best; `worse`, worse than the best by more than noise; `only`,
    nothing to compare it with; empty where none is better. `text` says more, or why there is no
    value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    standing: Standing = ""
    text: str = ""


class Row(msgspec.Struct, frozen=True):
    """One line: a figure of every topology. `unit` is empty for a count; `share` is 0 to 1.

    `better` is the better direction, empty where there is none. `how` says in a sentence how it is
    measured.
    """

    name: str
    unit: Unit
    better: Better
    how: str
    cells: dict[str, Cell]


class Group(msgspec.Struct, frozen=True):
    """The rows of one question: deployment, development, scaling and so on."""

    title: str
    rows: list[Row]


class ProcessShape(msgspec.Struct, frozen=True):
    """One process of a topology, as configured."""

    name: str
    modules: tuple[str, ...]
    replicas: int


class Side(msgspec.Struct, frozen=True):
    """One topology, and what plots need of it.

    `distribution`: latencies in milliseconds and how many answers had each, over all rounds.
    `failed`: how many requests had none. `tried`: for each rate of the search, requests per
    second, whether the SLO was met, and the latencies p50 and p99 in milliseconds. `blast`: for
    each module, the share of requests that failed while it was dead; `recovery_s`: for how long.
    """

    name: str
    processes: list[ProcessShape]
    distribution: list[tuple[float, int]]
    failed: int
    tried: list[tuple[float, bool, float | None, float | None]]
    blast: dict[str, float]
    recovery_s: dict[str, float]


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured. `memory_bytes` is all of it."""

    system: str
    processor: str
    cpus: int
    memory_bytes: int
    python: str
    amoeba: str


class Comparison(msgspec.Struct, frozen=True):
    """The whole of it. `limits` are the SLO's promises in words; `warnings` lessen the figures.

    `scenario_text` is the scenario's file. Moments are ISO 8601, in UTC.
    """

    application: str
    scenario: str
    scenario_text: str
    began_at: str
    took_s: float
    rounds: int
    machine: Machine
    pricing: Pricing
    limits: list[str]
    sides: list[Side]
    groups: list[Group]
    warnings: list[str]
