"""A ticket as the database keeps it, and as the contract shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from support_desk.extractor import Entity
from support_desk.features import CustomerFeatures
from support_desk.summarizer import Author, Turn
from support_desk.tickets import Message, Priority, Queue, Status, Ticket, TicketSummary
from support_desk.tickets.sla import due_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    Row = sa.Row[Any]


class Reading(msgspec.Struct, frozen=True):
    """What the models say of one message."""

    intent: str
    confidence: float
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One row of `messages`; `reading` is None until the models have seen it."""

    position: int
    author: Author
    text: str
    created_at: datetime
    reading: Reading | None


@dataclass(frozen=True, slots=True)
class StoredTicket:
    """One row of `tickets` with its messages."""

    row: Row
    messages: tuple[StoredMessage, ...]

    @property
    def conversation(self) -> tuple[Turn, ...]:
        """What the summarizer is asked about."""
        return tuple(Turn(message.author, message.text) for message in self.messages)

    def shown(self, now: datetime) -> Ticket:
        """Give the ticket as the contract has it."""
        row = self.row
        priority = Priority(row.priority) if row.priority else None
        due = None if row.closed_at else due_at(row.waiting_since, priority)
        return Ticket(
            id=row.id,
            customer_id=row.customer_id,
            status=status_of(row),
            intent=row.intent,
            confidence=row.confidence,
            entities=entities_of(row.entities),
            summary=row.summary,
            priority=priority,
            queue=Queue(row.queue) if row.queue else None,
            features=_features_of(row.features),
            created_at=row.created_at,
            due_at=due,
            overdue=due is not None and due < now,
            messages=tuple(map(_shown, self.messages)),
        )


def stored_message(row: Row) -> StoredMessage:
    """Make a message from its row."""
    reading = None
    if row.intent is not None:
        reading = Reading(row.intent, row.confidence, entities_of(row.entities))
    return StoredMessage(row.position, Author(row.author), row.text, row.created_at, reading)


def summary_of(row: Row) -> TicketSummary:
    """Give a ticket as it stands in a list."""
    return TicketSummary(
        id=row.id,
        status=status_of(row),
        intent=row.intent,
        priority=Priority(row.priority) if row.priority else None,
        queue=Queue(row.queue) if row.queue else None,
        created_at=row.created_at,
    )


def status_of(row: Row) -> Status:
    """Tell how far a ticket has come."""
    if row.closed_at is not None:
        return Status.CLOSED
    return Status.PENDING if row.pending else Status.OPEN


def entities_of(stored: Sequence[dict[str, Any]] | None) -> tuple[Entity, ...]:
    """Read what `msgspec.to_builtins` made of entities."""
    return msgspec.convert(stored or (), tuple[Entity, ...])


def _features_of(stored: dict[str, Any] | None) -> CustomerFeatures | None:
    return None if stored is None else msgspec.convert(stored, CustomerFeatures)


def _shown(message: StoredMessage) -> Message:
    reading = message.reading
    return Message(
        author=message.author,
        text=message.text,
        created_at=message.created_at,
        intent=None if reading is None else reading.intent,
        entities=() if reading is None else reading.entities,
    )
