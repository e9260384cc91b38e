"""The support desk's business logic under test: real tickets over stand-ins for the models.

The stand-ins can be taken away, held up, and brought back.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import amoeba

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEVER_S = 3600.0
FIRST_TEXT = "duplicate_payment of £12"

if TYPE_CHECKING:
    from support_desk.classifier import Intent
    from support_desk.extractor import Entity
    from support_desk.features import CustomerFeatures, Event
    from support_desk.summarizer import Turn
    from support_desk.tickets import NewTicket
    from support_desk.tickets.service import TicketService


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; the test's own time limit ends it."""
    while not await holds():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


class Switch:
    """Whether a module is there. `asked` counts calls, `gate` holds them while it is closed."""

    def __init__(self, module: str) -> None:
        self.module, self.down, self.asked = module, False, 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.was_asked = asyncio.Event()
        self.error: Exception | None = None

    async def pass_through(self) -> None:
        self.asked += 1
        self.was_asked.set()
        await self.gate.wait()
        if self.down:
            raise amoeba.Unavailable(self.module, "taken away by the test")
        if self.error is not None:
            raise self.error


class FakeClassifier(Switch):
    """The intent is the first word, as sure as says a number in the text, or 0.9."""

    async def classify(self, text: str) -> Intent:
        from support_desk.classifier import Intent

        await self.pass_through()
        number = re.search(r"0\.\d+", text)
        return Intent(text.split()[0], float(number[0]) if number else 0.9)


class FakeExtractor(Switch):
    """Amounts are entities."""

    async def extract(self, text: str) -> tuple[Entity, ...]:
        from support_desk.extractor import Entity, EntityType

        await self.pass_through()
        found = re.finditer(r"£\d+", text)
        return tuple(Entity(EntityType.AMOUNT, m[0], m.start(), m.end()) for m in found)


class FakeSummarizer(Switch):
    """Says every message."""

    async def summarize(self, conversation: tuple[Turn, ...]) -> AsyncIterator[str]:
        await self.pass_through()
        for turn in conversation:
            yield f"{turn.author}: {turn.text}."


class FakeFeatures(Switch):
    """Remembers events by their ids; counts messages as open tickets."""

    def __init__(self, module: str) -> None:
        super().__init__(module)
        self.events: dict[str, Event] = {}
        self.told: list[str] = []

    async def record(self, events: tuple[Event, ...]) -> None:
        await self.pass_through()
        self.events |= {event.id: event for event in events}
        self.told += [event.id for event in events]

    async def of(self, customer_id: str) -> CustomerFeatures:
        from support_desk.features import CustomerFeatures

        await self.pass_through()
        mine = [event for event in self.events.values() if event.customer_id == customer_id]
        return CustomerFeatures(len(mine), 0, ())


@dataclass
class Desk:
    """The service under test, what it stands on, and its clock."""

    service: TicketService
    classifier: FakeClassifier
    extractor: FakeExtractor
    summarizer: FakeSummarizer
    features: FakeFeatures
    now: datetime | None = NOON
    """What time it is for the desk; None is the real time."""

    async def opened(self, new: NewTicket | None = None) -> str:
        return (await self.service.open(new or first())).id

    async def due(self) -> list[str]:
        """What the worker would try now."""
        found: list[str] = await self.service._store.due(self.service.now(), 1000)
        return found

    async def is_open(self, ticket_id: str) -> bool:
        return (await self.service.get(ticket_id)).status == "open"


@asynccontextmanager
async def running(url: str, retry_every_s: float = NEVER_S) -> AsyncIterator[Desk]:
    from support_desk.tickets.service import Settings, TicketService

    fakes = (
        FakeClassifier("classifier"),
        FakeExtractor("extractor"),
        FakeSummarizer("summarizer"),
        FakeFeatures("features"),
    )
    service = TicketService(Settings(amoeba.Secret(url), retry_every_s), *fakes)
    desk = Desk(service, *fakes)
    service.now = lambda: desk.now or datetime.now(UTC)
    async with service:
        yield desk


def first() -> NewTicket:
    """The ticket that most tests open."""
    from support_desk.tickets import NewTicket

    return NewTicket("c1", FIRST_TEXT, "k1")


def run_desk(url: str, body: Callable[[Desk], Awaitable[Any]], **options: float) -> Any:
    """Run a test's body on a desk with an empty database."""

    async def bounded() -> Any:
        async with asyncio.timeout(30), running(url, **options) as made:
            return await body(made)

    return asyncio.run(bounded())
