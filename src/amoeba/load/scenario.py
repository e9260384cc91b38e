"""A scenario as data: where requests go, when they arrive, what they are, what is promised."""

from __future__ import annotations

from typing import Any

import msgspec

from amoeba.load.templates import Template

KINDS = ("poisson", "constant", "recorded")
ORDERS = ("sequential", "random")
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
MOST_ARRIVALS = 10_000_000
LONGEST_S = 86_400.0


class Target(msgspec.Struct, frozen=True):
    """Where requests go. A request without an answer `timeout_s` after its arrival has failed."""

    url: str = "http://127.0.0.1:8000"
    timeout_s: float = 10.0
    max_in_flight: int = 1000


class Stage(msgspec.Struct, frozen=True):
    """From the rate before it, in a straight line, to `to_per_s`."""

    to_per_s: float
    over_s: float


class Arrivals(msgspec.Struct, frozen=True):
    """When requests arrive.

    `rate_per_s` is the rate before `ramp`, or the mean rate of a recording. `recorded_s` are the
    recording's own arrivals, the first at 0. `warm_up_s` comes before `duration_s` and is not
    counted.
    """

    kind: str = "poisson"
    rate_per_s: float = 10.0
    duration_s: float = 30.0
    warm_up_s: float = 0.0
    seed: int = 0
    ramp: tuple[Stage, ...] = ()
    recorded_s: tuple[float, ...] = ()

    @property
    def total_s(self) -> float:
        """From the first arrival that may be to the last."""
        return self.warm_up_s + self.duration_s


class Rows(msgspec.Struct, frozen=True):
    """The rows of a data file, each with every column that is used."""

    file: str
    rows: tuple[dict[str, Any], ...]
    order: str = "sequential"


class Request(msgspec.Struct, frozen=True):
    """One kind of request. `expect`: statuses that are no failure; empty means 200 to 299."""

    name: str
    template: Template
    weight: float = 1.0
    data: Rows | None = None
    expect: frozenset[int] = frozenset()

    def accepts(self, status: int) -> bool:
        """Whether an answer with this status is what was asked for."""
        return status in self.expect if self.expect else 200 <= status < 300


class Limit(msgspec.Struct, frozen=True):
    """One promise. `figure` is `p99_ms` or the like, or `error_rate`; no request means overall."""

    figure: str
    at_most: float
    request: str = ""


class Search(msgspec.Struct, frozen=True):
    """How the highest rate is looked for. `precision`: missed over met, less one."""

    step_s: float = 10.0
    warm_up_s: float = 2.0
    precision: float = 0.05
    most_steps: int = 30
    highest_per_s: float = 100_000.0


class Comparing(msgspec.Struct, frozen=True):
    """How `amoeba compare` runs the scenario.

    `environment` is for each start of the application; `{scratch}` in it is an empty folder then,
    so that no run finds what another one wrote.
    """

    rounds: int = 3
    environment: dict[str, str] = {}


class Scenario(msgspec.Struct, frozen=True):
    """A whole scenario. `text` is the file's own."""

    file: str
    text: str
    target: Target
    arrivals: Arrivals
    requests: tuple[Request, ...]
    slo: tuple[Limit, ...] = ()
    search: Search = Search()
    compare: Comparing = Comparing()

    def with_step(self, step_s: float) -> Scenario:
        """The scenario with steps of this length in a search."""
        search = msgspec.structs.replace(self.search, step_s=step_s)
        return msgspec.structs.replace(self, search=search)
