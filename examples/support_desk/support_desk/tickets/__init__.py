"""The contract of `tickets`: what customers wrote, and how it is to be handled.

Business logic: it keeps each conversation, decides priority and queue from what the models say and
from the desk's rules, and watches how long customers wait. It never looks at HTTP.

A ticket is stored before any model sees it, so nothing that fails afterwards loses a message. Its
states: `pending -> open -> closed`; a new message of the customer's makes it pending again. One
that breaks the models time and again is open too, for a person to read.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import amoeba
from support_desk.extractor import Entity
from support_desk.features import CustomerFeatures
from support_desk.summarizer import Author

__all__ = [
    "BatchItem",
    "Customer",
    "CustomerNotFound",
    "KeyReused",
    "Message",
    "NewTicket",
    "Priority",
    "Queue",
    "Status",
    "Ticket",
    "TicketNotFound",
    "TicketSummary",
    "Tickets",
    "Triage",
]


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


class Status(StrEnum):
    """How far a ticket has come."""

    PENDING = "pending"  # stored; what the models say of it is still to come
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Triage:
    """What the desk knows of a message and what it decides. `confidence` is between 0 and 1."""

    intent: str
    confidence: float
    entities: tuple[Entity, ...]
    summary: str
    priority: Priority
    queue: Queue


@dataclass(frozen=True, slots=True)
class BatchItem:
    """The triage of the text at `index` of a batch; or `error`, which says why there is none."""

    index: int
    triage: Triage | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a customer writes first.

    `key` is the client's own name for it: opening the same again gives the ticket that is there.
    """

    customer_id: str
    text: str
    key: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. `entities` are those of its own text."""

    author: Author
    text: str
    created_at: datetime
    intent: str | None
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A conversation and what is known of it.

    What the models say is None until they have read it, or when they cannot. Intent, confidence,
    entities, queue and priority are those of the customer's most urgent message; of equally urgent
    ones, the first. `due_at` is when the customer should have an answer: None while nobody waits
    for one.
    """

    id: str
    customer_id: str
    status: Status
    intent: str | None
    confidence: float | None
    entities: tuple[Entity, ...]
    summary: str
    priority: Priority | None
    queue: Queue | None
    features: CustomerFeatures | None
    created_at: datetime
    due_at: datetime | None
    overdue: bool
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class TicketSummary:
    """One ticket in a list."""

    id: str
    status: Status
    intent: str | None
    priority: Priority | None
    queue: Queue | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of a customer, with the newest tickets first, a hundred at most."""

    id: str
    features: CustomerFeatures
    tickets: tuple[TicketSummary, ...]


class TicketNotFound(Exception):  # noqa: N818 - says what is the case
    """No ticket has this id."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(ticket_id)
        self.ticket_id = ticket_id

    def __str__(self) -> str:
        return f"there is no ticket {self.ticket_id!r}"


class CustomerNotFound(Exception):  # noqa: N818 - says what is the case
    """A customer with this id has never written."""

    def __init__(self, customer_id: str) -> None:
        super().__init__(customer_id)
        self.customer_id = customer_id

    def __str__(self) -> str:
        return f"customer {self.customer_id!r} has never written"


class KeyReused(Exception):  # noqa: N818 - says what is the case
    """The key names another message of the customer's."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"the key {self.key!r} was used for another message"


class Tickets(Protocol):
    """Keeps customers' messages and decides how they are handled."""

    @amoeba.idempotent
    async def open(self, new: NewTicket) -> Ticket:
        """Store a ticket, still pending. Raises `KeyReused`."""
        ...

    @amoeba.idempotent
    async def add_message(self, ticket_id: str, author: Author, text: str, key: str) -> Ticket:
        """Store one more message; `key` is as in `NewTicket`.

        Raises `TicketNotFound` or `KeyReused`.
        """
        ...

    @amoeba.idempotent
    async def enrich(self, ticket_id: str) -> Ticket:
        """Ask the models about what they have not seen, store what they say, and give the ticket.

        Raises `TicketNotFound`, or `amoeba.Unavailable` naming the module that is down: the ticket
        then stays pending and is tried again without being asked. Whatever else a model raises is
        raised here too; a ticket on which they fail again and again is left to a person.
        """
        ...

    @amoeba.idempotent
    async def get(self, ticket_id: str) -> Ticket:
        """Give a ticket as it is stored. Raises `TicketNotFound`."""
        ...

    @amoeba.idempotent
    async def close(self, ticket_id: str) -> Ticket:
        """Nothing more is to be done for a ticket. Raises `TicketNotFound`."""
        ...

    @amoeba.idempotent
    async def customer(self, customer_id: str) -> Customer:
        """Tell what is known of a customer. Raises `CustomerNotFound`."""
        ...

    def summarize(self, ticket_id: str) -> AsyncIterator[str]:
        """Summarize the conversation as it is now, sentence by sentence.

        Raises `TicketNotFound`.
        """
        ...

    @amoeba.idempotent
    async def triage(self, text: str) -> Triage:
        """Decide how `text` would be handled; nothing is stored."""
        ...

    def triage_all(self, texts: tuple[str, ...]) -> AsyncIterator[BatchItem]:
        """Triage many texts at once; each answer comes as soon as it is there, in any order."""
        ...
