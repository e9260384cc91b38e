"""The contract of `tickets`: how a message is to be handled.

Business logic only: it decides from what the models say and from the desk's rules, keeps no state
and never looks at HTTP.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Entity", "Priority", "Queue", "Tickets", "Triage"]


class Priority(StrEnum):
    """How soon a message should be answered."""

    URGENT = "urgent"  # money or a card is in danger now
    HIGH = "high"  # the customer is stuck or has lost money
    NORMAL = "normal"
    LOW = "low"  # a question that the help pages answer


class Queue(StrEnum):
    """The team that answers."""

    FRAUD = "fraud"
    CARDS = "cards"
    PAYMENTS = "payments"
    ACCOUNTS = "accounts"
    IDENTITY = "identity"
    LENDING = "lending"
    CARE = "care"  # bereavement, hardship, complaints
    GENERAL = "general"
    HUMAN_TRIAGE = "human_triage"  # a person reads the message first


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that a message names: its kind, its words, and where they stand in the text."""

    type: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Triage:
    """What the desk knows of a message and what it decides. `confidence` is between 0 and 1."""

    intent: str
    confidence: float
    entities: tuple[Entity, ...]
    summary: str
    priority: Priority
    queue: Queue


class Tickets(Protocol):
    """Decides how a customer's message is handled."""

    async def triage(self, text: str) -> Triage:
        """Name the intent of `text` and decide its priority and queue."""
        ...
