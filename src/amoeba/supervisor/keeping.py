"""Keeps evidence: every few seconds what was added since, in `.amoeba/evidence.db`.

Requests that are recorded, where the application asks for that, go into a file of their own.

In a thread of its own, so that a slow disk holds up no report. Whatever goes wrong with it is said
once and costs the application nothing.
"""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from amoeba.evidence.store import PayloadStore, Store, StoreError, evidence_path, payloads_path
from amoeba.evidence.store.files import beside, size_bytes
from amoeba.runtime import StoreHealth
from amoeba.supervisor.logs import say
from amoeba.supervisor.versions import live

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.app import Application
    from amoeba.evidence.payloads import Payload
    from amoeba.evidence.records import Interval
    from amoeba.supervisor.collector import Collector
    from amoeba.topology import Topology

T = TypeVar("T")

_EVIDENCE, _PAYLOADS = "evidence is", "recorded requests are"
INTERVAL_S = 10.0
"""What a kill of the supervisor may lose."""


class Keeper:
    """Keeps what a collector has, until `finish`."""

    def __init__(self, application: Application, topology: Topology, collector: Collector) -> None:
        self._application, self._topology = application, topology
        self._collector = collector
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="amoeba-evidence")
        self._store: Store | None = None
        self._payloads: PayloadStore | None = None
        self._task: asyncio.Task[None] | None = None
        self._health = StoreHealth()
        self._troubles: dict[str, str] = {}
        kept = application.evidence.file
        self._path = Path(kept) if kept else evidence_path(Path(application.root))

    def health(self) -> StoreHealth:
        """How it goes."""
        size = sum(size_bytes(beside(self._path, suffix)) for suffix in ("", "-wal"))
        limit = self._application.evidence.most_bytes
        return msgspec.structs.replace(self._health, size_bytes=size, limit_bytes=limit)

    def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run())

    async def finish(self) -> None:
        """Keep what is left, and end."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._safely(self._end)
        last = self._collector.take_payloads()
        await self._safely(functools.partial(self._end_payloads, last), _PAYLOADS)
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        await self._safely(self._begin)
        while True:
            await asyncio.sleep(INTERVAL_S)
            interval = self._collector.interval()
            if self._store is None:
                await self._safely(self._begin)
            if self._store is not None:
                await self._safely(functools.partial(self._store.add, interval))
            self._count(interval)
            await self._safely(self._payloads_to_keep(), _PAYLOADS)

    def _begin(self) -> None:
        store = Store.open(self._path, most_bytes=self._application.evidence.most_bytes)
        self._store = store
        store.went_live(live(self._application, self._topology))

    def _end(self) -> None:
        store, self._store = self._store, None
        if store is None:
            return
        try:
            store.add(self._collector.interval())
            store.ended()
        finally:
            store.close()

    def _count(self, interval: Interval) -> None:
        """An interval was kept, or lost."""
        if self._health.trouble:
            self._health.lost += 1
        else:
            self._health.kept += 1
            self._health.last_kept_s = interval.start_s + interval.width_s

    def _payloads_to_keep(self) -> Callable[[], None]:
        """What keeps those of now: they are taken here, for the event loop adds to them."""
        return functools.partial(self._keep_payloads, self._collector.take_payloads())

    def _keep_payloads(self, payloads: list[Payload]) -> None:
        spec = self._application.evidence.payloads
        if not spec.routes:
            return
        if self._payloads is None:
            path = payloads_path(self._path)
            self._payloads = PayloadStore.open(path, most_bytes=spec.most_bytes, keep_s=spec.keep_s)
        self._payloads.add(payloads)

    def _end_payloads(self, payloads: list[Payload]) -> None:
        try:
            self._keep_payloads(payloads)
        finally:
            if self._payloads is not None:
                self._payloads.close()

    async def _safely(self, action: Callable[[], T], what: str = _EVIDENCE) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, action)
        except StoreError as error:
            self._told(what, str(error))
        except Exception as error:  # noqa: BLE001 - evidence must never cost the run anything
            self._told(what, f"{type(error).__name__}: {error}")
        else:
            self._told(what, "")

    def _told(self, what: str, trouble: str) -> None:
        """Whether `what` is kept; what is wrong with it is said when it is new."""
        if what == _EVIDENCE:
            self._health.trouble = trouble
        if trouble and self._troubles.get(what) != trouble:
            say(f"{what} not kept: {trouble}")
        self._troubles[what] = trouble
