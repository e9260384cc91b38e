"""Many texts at once: a few side by side, each answer given as soon as it is there."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import amoeba
from support_desk.tickets import BatchItem, Triage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

log = logging.getLogger("support_desk.tickets")

SIDE_BY_SIDE = 16


async def as_ready(
    texts: Sequence[str], triage: Callable[[str], Awaitable[Triage]]
) -> AsyncIterator[BatchItem]:
    """Triage `texts`, at most `SIDE_BY_SIDE` at a time; stops them all when it is left early."""

    async def one(index: int) -> BatchItem:
        try:
            return BatchItem(index, await triage(texts[index]))
        except amoeba.Unavailable as error:
            return BatchItem(index, None, f"module {error.module} is unavailable")
        except Exception:  # one text must not cost the others theirs
            log.exception("text %d of a batch cannot be triaged", index)
            return BatchItem(index, None, "it cannot be triaged")

    waiting = iter(range(len(texts)))
    first = [index for _, index in zip(range(SIDE_BY_SIDE), waiting, strict=False)]
    running = {asyncio.create_task(one(index)) for index in first}
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            # `waiting` stands last: what zip takes from it is never thrown away.
            more = [index for _, index in zip(done, waiting, strict=False)]
            running |= {asyncio.create_task(one(index)) for index in more}
            for task in sorted(done, key=lambda each: each.result().index):
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
