"""The control contract between hosts and their supervisor; it travels on the same wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from amoeba.errors import AmoebaError
from amoeba.evidence import EdgeTotals, ProcessTotals, Span
from amoeba.evidence.payloads import Payload
from amoeba.evidence.records import Interval
from amoeba.runtime.routing import Routes

MODULE = "supervisor"
SOCKET_NAME = "supervisor.sock"


class HostSpec(msgspec.Struct):
    """What a supervisor tells a new host. File descriptors are inherited; -1 means none."""

    config: str
    topology: str
    process: str
    replica: str
    run_dir: str
    supervisor: str
    token: str
    modules: tuple[str, ...]
    listen: str = ""
    strict: bool = False
    gateway_fd: int = -1
    lifeline_fd: int = -1
    cpus: tuple[int, ...] = ()


class Need(msgspec.Struct, frozen=True):
    """`caller` (a module or the gateway) calls `module`; `at_start`: its constructor takes it."""

    caller: str
    module: str
    at_start: bool = False


class Announcement(msgspec.Struct):
    """What a host says of itself before it makes any module.

    `blocking` names those of its modules whose callers' threads wait.
    """

    replica: str
    process: str
    pid: int
    address: str
    modules: tuple[str, ...]
    blocking: tuple[str, ...]
    needs: tuple[Need, ...]


class ReplicaStatus(msgspec.Struct):
    """One replica as the supervisor sees it. Sizes in bytes, times in seconds."""

    replica: str
    process: str
    modules: tuple[str, ...]
    state: str
    pid: int
    restarts: int
    rss_bytes: int
    uptime_s: float
    detail: str = ""


class Report(msgspec.Struct):
    """What a host measured since it started; spans and payloads it tells of once.

    `payloads` are requests of routes for which the application asks to have them recorded.
    """

    edges: list[EdgeTotals]
    process: ProcessTotals
    spans: list[Span]
    payloads: list[Payload] = []


class StoreHealth(msgspec.Struct):
    """How evidence is being kept: intervals that were, and that were lost; `trouble`: the last one.

    `last_kept_s` is since the epoch, 0 when nothing was kept yet.
    """

    kept: int = 0
    lost: int = 0
    last_kept_s: float = 0.0
    size_bytes: int = 0
    limit_bytes: int = 0
    trouble: str = ""


class Status(msgspec.Struct):
    """The running application. `began_s`: since when the topology runs, since the epoch.

    `totals` and `processes`, by replica, are of the whole run, over restarts; `lately` is what was
    added to them in the last minutes. `evidence` is None when it is not to be kept.
    """

    application: str
    topology: str
    strict: bool
    pid: int
    url: str
    admin_url: str
    replicas: list[ReplicaStatus]
    down: dict[str, str]
    totals: list[EdgeTotals]
    began_s: float = 0.0
    processes: dict[str, ProcessTotals] = {}
    lately: Interval | None = None
    evidence: StoreHealth | None = None


class RestartFailed(AmoebaError):  # noqa: N818 - says what is the case
    """A replica that was to start anew did not become ready; those after it were left alone."""

    replica: str
    why: str

    def __init__(self, replica: str, why: str) -> None:
        self.replica, self.why = replica, why
        super().__init__(replica, why)

    def __str__(self) -> str:
        return f"{self.replica} was not restarted: {self.why}\n  hint: its output says more"


class Supervision(Protocol):
    """What the supervisor offers to its hosts and to the command line."""

    async def announce(self, host: Announcement) -> None:
        """A host has read its code and knows what it needs."""

    def orders(self, replica: str) -> AsyncIterator[Routes]:
        """Every routes table, the newest first; ends when the host is to stop."""

    async def ready(self, replica: str, part: str) -> None:
        """A module, or the gateway, of the host can be called."""

    async def report(self, replica: str, report: Report) -> None:
        """What the host measured."""

    async def status(self) -> Status:
        """How the application runs."""

    async def restart(self, process: str) -> None:
        """Start a process anew, one replica after the other; returns when all are ready again.

        Raises RestartFailed.
        """

    async def stop(self) -> None:
        """Drain and stop everything; returns at once."""
