"""What nobody waits for: pending tickets are tried again, and events are told.

It looks every `every_s` seconds. A ticket on which something other than an unavailable module
fails is left for longer each time, so that one bad message holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import amoeba

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support_desk.tickets.enrichment import Enrichment
    from support_desk.tickets.store import TicketStore

log = logging.getLogger("support_desk.tickets")

MOST_AT_ONCE = 100
_SIDE_BY_SIDE = 4
_DEADLINE_S = 30.0
_LONGEST_REST_S = 300.0


class Worker:
    """Catches up with what could not be done when it was asked for."""

    def __init__(
        self,
        store: TicketStore,
        enrichment: Enrichment,
        enrich: Callable[[str], Awaitable[object]],
        every_s: float,
    ) -> None:
        self._store, self._enrichment, self._enrich = store, enrichment, enrich
        self._every_s = every_s
        self._rests: dict[str, tuple[int, float]] = {}  # failures in a row, and when to try again
        self._waits_for = ""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.catch_up()
            except amoeba.Unavailable as error:
                self._say(error.module)
            except Exception:
                log.exception("catching up failed; it is tried again")
            else:
                self._say("")

    async def catch_up(self) -> None:
        """Try every pending ticket once, then tell what is to be told.

        Raises `amoeba.Unavailable` at the first module that is down: the others would fail alike.
        """
        # What is younger is still in the hands of the request that brought it.
        before = datetime.now(UTC) - timedelta(seconds=self._every_s)
        waiting = await self._store.pending(before, MOST_AT_ONCE)
        due = [each for each in waiting if self._rests.get(each, (0, 0.0))[1] <= time.monotonic()]
        for start in range(0, len(due), _SIDE_BY_SIDE):
            group = due[start : start + _SIDE_BY_SIDE]
            done = await asyncio.gather(*map(self._try, group), return_exceptions=True)
            for failure in done:
                if isinstance(failure, BaseException):
                    raise failure
        if told := await self._enrichment.tell(None, self._store):
            await self._store.forget(told)

    async def _try(self, ticket_id: str) -> None:
        try:
            async with amoeba.deadline(_DEADLINE_S):
                await self._enrich(ticket_id)
        except amoeba.Unavailable:
            raise
        except Exception:
            failures = self._rests.get(ticket_id, (0, 0.0))[0] + 1
            rest_s = min(_LONGEST_REST_S, self._every_s * 2**failures)
            self._rests[ticket_id] = (failures, time.monotonic() + rest_s)
            log.exception("ticket %s stays pending; next try in %.0f s", ticket_id, rest_s)
        else:
            self._rests.pop(ticket_id, None)

    def _say(self, module: str) -> None:
        """Log once when tickets begin to wait for a module, and once when it is over."""
        if module and module != self._waits_for:
            log.warning("tickets are waiting for %s", module)
        elif self._waits_for and not module:
            log.warning("no ticket is waiting any more")
        self._waits_for = module
