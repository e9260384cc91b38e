"""The supervisor's side of the control contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.runtime import Announcement, Report, Routes, Status, Supervision

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from amoeba.supervisor.supervisor import Supervisor


class Control(Supervision):
    """Answers hosts and the command line. A replica it does not know is ignored."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def announce(self, host: Announcement) -> None:
        """See Supervision."""
        replica = self._supervisor.replica(host.replica)
        if replica is not None:
            replica.address = host.address
            self._supervisor.announced(host)

    def orders(self, replica: str) -> AsyncIterator[Routes]:
        """See Supervision."""
        del replica
        return self._supervisor.table.follow()

    async def ready(self, replica: str, part: str) -> None:
        """See Supervision."""
        found = self._supervisor.replica(replica)
        if found is not None:
            found.part_ready(part)

    async def report(self, replica: str, report: Report) -> None:
        """See Supervision."""
        found = self._supervisor.replica(replica)
        if found is not None:
            self._supervisor.collector.take(replica, found.generation, report)
            if self._supervisor.exporter is not None:
                self._supervisor.exporter.offer(replica, report.spans)

    async def status(self) -> Status:
        """See Supervision."""
        return self._supervisor.status()

    async def restart(self, process: str) -> None:
        """See Supervision."""
        await self._supervisor.restart(process)

    async def stop(self) -> None:
        """See Supervision."""
        self._supervisor.request_stop()
