"""The contract of `features`: what is known of a customer now.

Told by events, each of which counts once however often it is told. An event may arrive late or out
of order: what is known depends on the events alone, not on the order of their arrival.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import amoeba

__all__ = ["CustomerFeatures", "Event", "EventKind", "Features"]


class EventKind(StrEnum):
    """What happened."""

    TICKET_OPENED = "ticket_opened"
    MESSAGE_RECEIVED = "message_received"  # from the customer, the first one of a ticket too
    INTENT_RECOGNISED = "intent_recognised"
    TICKET_CLOSED = "ticket_closed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a customer's ticket; `id` is unique among all events."""

    id: str
    kind: EventKind
    customer_id: str
    ticket_id: str
    at: datetime
    intent: str = ""


@dataclass(frozen=True, slots=True)
class CustomerFeatures:
    """What is known of a customer now; `last_intents` has the newest first."""

    open_tickets: int
    messages_last_hour: int
    last_intents: tuple[str, ...]


class Features(Protocol):
    """Keeps what is known of each customer."""

    @amoeba.idempotent
    async def record(self, events: tuple[Event, ...]) -> None:
        """Take what happened; an event that is already known changes nothing."""
        ...

    @amoeba.idempotent
    async def of(self, customer_id: str) -> CustomerFeatures:
        """Tell what is known of a customer; of an unknown one, nothing."""
        ...
