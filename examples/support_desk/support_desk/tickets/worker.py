"""What nobody waits for: events are told, and pending tickets are tried again.

It looks every `every_s` seconds, at the tickets whose time has come. Each step has an end, and what
fails in one does not keep the other from being done.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import amoeba

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from support_desk.tickets.enrichment import Enrichment
    from support_desk.tickets.store import TicketStore

log = logging.getLogger("support_desk.tickets")

MOST_AT_ONCE = 100
_SIDE_BY_SIDE = 4
_DEADLINE_S = 10.0


class Worker:
    """Catches up with what could not be done when it was asked for."""

    def __init__(
        self,
        store: TicketStore,
        enrichment: Enrichment,
        read: Callable[[str], Awaitable[None]],
        every_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._enrichment, self._read = store, enrichment, read
        self._every_s, self._now = every_s, now
        self._waits_for: dict[str, str] = {}  # for whom, by step

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            await self._step("events", self.tell, _DEADLINE_S)
            await self._step("tickets", self.catch_up, _DEADLINE_S * MOST_AT_ONCE)

    async def tell(self) -> None:
        """Tell `features` what it has not been told."""
        if told := await self._enrichment.tell(None, self._store):
            await self._store.forget(told)

    async def catch_up(self) -> None:
        """Try the tickets that are due.

        Raises `amoeba.Unavailable` at the first module that is down: the others would fail alike.
        """
        due = await self._store.due(self._now(), MOST_AT_ONCE)
        for start in range(0, len(due), _SIDE_BY_SIDE):
            group = due[start : start + _SIDE_BY_SIDE]
            done = await asyncio.gather(*map(self._try, group), return_exceptions=True)
            for failure in done:
                if isinstance(failure, BaseException):
                    raise failure

    async def _try(self, ticket_id: str) -> None:
        try:
            async with amoeba.deadline(_DEADLINE_S):
                await self._read(ticket_id)
        except amoeba.Unavailable as error:
            if not error.broke_off:
                raise
            log.warning("ticket %s: %s; it is left alone for a while", ticket_id, error)
        except amoeba.DeadlineExceeded:
            log.warning("ticket %s was not read within %g s", ticket_id, _DEADLINE_S)
        except Exception:
            log.exception("ticket %s cannot be read; it is left alone for a while", ticket_id)

    async def _step(
        self, name: str, step: Callable[[], Awaitable[None]], deadline_s: float
    ) -> None:
        """Do one thing; what goes wrong with it is logged when it begins and when it is over."""
        try:
            async with amoeba.deadline(deadline_s):
                await step()
        except (amoeba.Unavailable, amoeba.DeadlineExceeded) as error:
            waits_for = error.module if isinstance(error, amoeba.Unavailable) else "an answer"
            if self._waits_for.get(name) != waits_for:
                log.warning("%s are waiting: %s", name, error)
            self._waits_for[name] = waits_for
        except Exception:
            log.exception("catching up with %s failed; it is tried again", name)
        else:
            if self._waits_for.pop(name, ""):
                log.warning("no %s are waiting any more", name)
