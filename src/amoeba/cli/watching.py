"""Looking at a run again and again: each look is compared with one some seconds before."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from amoeba.cli.frames import Frame
from amoeba.cli.status import NotRunning, running
from amoeba.errors import AmoebaError, Unavailable
from amoeba.evidence.rates import rates_of
from amoeba.evidence.snapshots import Snapshot, Snapshots
from amoeba.supervisor.asking import ask_status

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.app import Application
    from amoeba.runtime import Status
    from amoeba.supervisor import RunInfo

_LEAST_S = 0.5  # between two looks that are compared
_PATIENCE_S = 5.0
"""What a supervisor may take to answer."""


class UnknownRun(AmoebaError):  # noqa: N818 - says what is the case
    """The application runs, but not under this pid."""

    pid: int
    known: list[int]

    def __init__(self, pid: int, known: list[int]) -> None:
        self.pid, self.known = pid, known
        super().__init__(pid, known)

    def __str__(self) -> str:
        runs = ", ".join(map(str, self.known))
        return f"--pid: no run of the application has pid {self.pid}\n  expected: {runs}"


class NoAnswer(AmoebaError):  # noqa: N818 - says what is the case
    """The supervisor is there, and does not answer."""

    pid: int

    def __init__(self, pid: int) -> None:
        self.pid = pid
        super().__init__(pid)

    def __str__(self) -> str:
        return f"the supervisor, pid {self.pid}, did not answer within {_PATIENCE_S:g} s"


class Watcher:
    """Looks at one run: that of `pid`, or the first one, which is the one without `--isolated`.

    Rates are of the last `window_s` seconds. When the run ends and another one begins, rates begin
    anew.
    """

    def __init__(self, application: Application, pid: int | None, window_s: float) -> None:
        self._application, self._wanted = application, pid
        self._watched = 0
        self._snapshots = Snapshots(0.0, window_s)

    def look(self) -> Frame | None:
        """What is to be seen now; None until there is an earlier look at the run to compare with.

        Raises NotRunning, also when it ends meanwhile, UnknownRun, NoAnswer and Unavailable.
        """
        folder, info, others = self._choose()
        try:
            status = asyncio.run(self._ask(folder, info))
        except (Unavailable, OSError):
            if any(each[1].pid == info.pid for each in running(self._application)):
                raise  # it is there, and refuses
            raise NotRunning(self._application.name) from None
        if status.pid != self._watched:
            self._snapshots.clear()
            self._watched = status.pid
        now = Snapshot(time.monotonic(), status.totals, status.processes)
        lately = self._snapshots.lately(now)
        self._snapshots.add(now)
        if lately is None or lately.width_s < _LEAST_S:
            return None
        return Frame(
            at_s=time.time(),
            application=status.application,
            topology=status.topology,
            pid=status.pid,
            up_s=time.time() - status.began_s,
            url=status.url,
            other_runs=others,
            down=status.down,
            replicas=status.replicas,
            rates=rates_of(lately),
        )

    def _choose(self) -> tuple[Path, RunInfo, int]:
        runs = running(self._application)
        pid = self._wanted or self._watched
        chosen = [each for each in runs if each[1].pid == pid]
        if self._wanted and not chosen:
            if self._watched:
                raise NotRunning(self._application.name)
            raise UnknownRun(self._wanted, [info.pid for _, info in runs])
        folder, info = (chosen or runs)[0]
        return folder, info, len(runs) - 1

    async def _ask(self, folder: Path, info: RunInfo) -> Status:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await ask_status(folder, info)
        except TimeoutError:
            raise NoAnswer(info.pid) from None
