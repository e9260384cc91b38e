"""What the other modules say of a ticket: asked at the same time, decided by the desk's rules."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from support_desk.classifier import Classifier
from support_desk.extractor import Extractor
from support_desk.features import CustomerFeatures, Features
from support_desk.summarizer import Author, Summarizer, Turn
from support_desk.tickets import Priority, Triage
from support_desk.tickets.records import Reading
from support_desk.tickets.rules import decide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_desk.tickets.records import StoredTicket
    from support_desk.tickets.store import TicketStore

MOST_EVENTS = 500
_URGENCY = {priority: rank for rank, priority in enumerate(Priority)}


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of a ticket. `told` are the events that `features` has taken for it."""

    readings: dict[int, Reading]
    leading: Reading
    summary: str
    features: CustomerFeatures
    told: tuple[str, ...]

    def columns(self) -> dict[str, Any]:
        """Give what the ticket's own row keeps."""
        leading = self.leading
        queue, priority = decide(leading.intent, leading.confidence)
        return {
            "intent": leading.intent,
            "confidence": leading.confidence,
            "entities": msgspec.to_builtins(leading.entities),
            "summary": self.summary,
            "priority": priority.value,
            "queue": queue.value,
            "features": msgspec.to_builtins(self.features),
        }


class Enrichment:
    """Asks the models and `features`."""

    def __init__(
        self,
        classifier: Classifier,
        extractor: Extractor,
        summarizer: Summarizer,
        features: Features,
    ) -> None:
        self._classifier, self._extractor = classifier, extractor
        self._summarizer, self._features = summarizer, features

    async def triage(self, text: str) -> Triage:
        """Decide how a text would be handled."""
        with first_failure():
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._read(text))
                summary = group.create_task(self._summarized((Turn(Author.CUSTOMER, text),)))
        found = reading.result()
        queue, priority = decide(found.intent, found.confidence)
        return Triage(
            found.intent, found.confidence, found.entities, summary.result(), priority, queue
        )

    async def find(self, ticket: StoredTicket, store: TicketStore) -> Findings:
        """Ask about what the models have not seen, and about the whole conversation."""
        unread = [
            message
            for message in ticket.messages
            if message.author is Author.CUSTOMER and message.reading is None
        ]
        with first_failure():
            async with asyncio.TaskGroup() as group:
                tasks = {each.position: group.create_task(self._read(each.text)) for each in unread}
                summary = group.create_task(self._summarized(ticket.conversation))
                known = group.create_task(self._known(ticket.row.customer_id, store))
        readings = {position: task.result() for position, task in tasks.items()}
        features, told = known.result()
        return Findings(readings, _leading(ticket, readings), summary.result(), features, told)

    async def tell(self, customer_id: str | None, store: TicketStore) -> tuple[str, ...]:
        """Tell `features` what it has not been told; gives the ids of what it has taken."""
        events = await store.untold(customer_id, MOST_EVENTS)
        if events:
            await self._features.record(events)
        return tuple(event.id for event in events)

    async def _read(self, text: str) -> Reading:
        async with asyncio.TaskGroup() as group:
            intent = group.create_task(self._classifier.classify(text))
            entities = group.create_task(self._extractor.extract(text))
        return Reading(intent.result().name, intent.result().confidence, entities.result())

    async def _summarized(self, conversation: tuple[Turn, ...]) -> str:
        return " ".join([each async for each in self._summarizer.summarize(conversation)])

    async def _known(
        self, customer_id: str, store: TicketStore
    ) -> tuple[CustomerFeatures, tuple[str, ...]]:
        told = await self.tell(customer_id, store)
        return await self._features.of(customer_id), told


def _leading(ticket: StoredTicket, readings: dict[int, Reading]) -> Reading:
    """Choose the reading of the most urgent message; of equally urgent ones, the first."""
    found = [
        reading
        for message in ticket.messages
        if (reading := readings.get(message.position) or message.reading) is not None
    ]
    return min(found, key=lambda each: _URGENCY[decide(each.intent, each.confidence)[1]])


@contextmanager
def first_failure() -> Iterator[None]:
    """Raise what failed first among tasks that ran together, not the group of all failures."""
    try:
        yield
    except BaseExceptionGroup as group:
        failure: BaseException = group
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        raise failure from None
