"""The implementation of `tickets`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import amoeba
from support_desk.classifier import Classifier
from support_desk.database import Database
from support_desk.extractor import Extractor
from support_desk.features import Features
from support_desk.summarizer import Author, Summarizer
from support_desk.tickets import (
    BatchItem,
    Customer,
    CustomerNotFound,
    NewTicket,
    Ticket,
    Tickets,
    Triage,
)
from support_desk.tickets.batches import as_ready
from support_desk.tickets.enrichment import Enrichment
from support_desk.tickets.patience import judged
from support_desk.tickets.records import StoredTicket
from support_desk.tickets.store import TicketStore
from support_desk.tickets.worker import Worker

DATABASE = amoeba.Secret("sqlite:///var/tickets.db")
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """`database` is a URL; a SQLite file is relative to the application's folder.

    `retry_every_s` is how often tickets that could not be enriched are tried again, in seconds.
    """

    database: amoeba.Secret = DATABASE
    retry_every_s: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.retry_every_s < float("inf"):
            raise ValueError(f"retry_every_s is {self.retry_every_s}, expected more than 0 seconds")


class TicketService(Tickets):
    """Stores first, asks the models then. `now` is for tests."""

    def __init__(
        self,
        settings: Settings,
        classifier: Classifier,
        extractor: Extractor,
        summarizer: Summarizer,
        features: Features,
    ) -> None:
        self._settings, self._features, self._summarizer = settings, features, summarizer
        self._enrichment = Enrichment(classifier, extractor, summarizer, features)
        self._stack = AsyncExitStack()
        self._store: TicketStore
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def __aenter__(self) -> Self:
        url = self._settings.database.reveal()
        database = await Database.open(url, "tickets", Path(__file__).parent / "migrations")
        self._stack.push_async_callback(database.close)
        self._store = TicketStore(database)
        every_s = self._settings.retry_every_s
        worker = Worker(self._store, self._enrichment, self._catch_up, every_s, lambda: self.now())
        self._stack.push_async_callback(_ended, asyncio.create_task(worker.run()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(self, new: NewTicket) -> Ticket:
        """See the contract."""
        return await self.get(await self._store.open(new, self.now()))

    async def add_message(self, ticket_id: str, author: Author, text: str, key: str) -> Ticket:
        """See the contract."""
        await self._store.add(ticket_id, author, text, key, self.now())
        return await self.get(ticket_id)

    async def enrich(self, ticket_id: str) -> Ticket:
        """See the contract."""
        for _ in range(_ATTEMPTS):  # once more where a message came in between
            ticket = await self._store.get(ticket_id)
            if not ticket.row.pending:
                break
            self._check_patience(ticket)
            if await self._read(ticket):
                break
        return await self.get(ticket_id)

    def _check_patience(self, ticket: StoredTicket) -> None:
        """Refuse to read a ticket on which reading has failed, until its time has come."""
        left_s = (ticket.row.retry_at - self.now()).total_seconds()
        if ticket.row.attempts and left_s > 0:
            module = ticket.row.waits_for or "tickets"
            raise amoeba.Unavailable(module, "reading the ticket failed", left_s)

    async def _read(self, ticket: StoredTicket) -> bool:
        """Ask the models and store what they say; False when the ticket has changed since."""
        try:
            found = await self._enrichment.find(ticket, self._store)
        except Exception as error:
            every_s = self._settings.retry_every_s
            failure = judged(error, ticket.row.attempts, every_s)
            await self._store.failed(ticket, failure, self.now())
            raise
        return await self._store.enriched(ticket, found)

    async def _catch_up(self, ticket_id: str) -> None:
        """Read a ticket that is due, unless another process is at it."""
        if await self._store.claim(ticket_id, self.now()):
            await self._read(await self._store.get(ticket_id))

    async def get(self, ticket_id: str) -> Ticket:
        """See the contract."""
        return (await self._store.get(ticket_id)).shown(self.now())

    async def close(self, ticket_id: str) -> Ticket:
        """See the contract."""
        await self._store.close(ticket_id, self.now())
        return await self.get(ticket_id)

    async def customer(self, customer_id: str) -> Customer:
        """See the contract."""
        listed = await self._store.of_customer(customer_id)
        if not listed:
            raise CustomerNotFound(customer_id)
        if told := await self._enrichment.tell(customer_id, self._store):
            await self._store.forget(told)
        return Customer(customer_id, await self._features.of(customer_id), listed)

    async def summarize(self, ticket_id: str) -> AsyncIterator[str]:
        """See the contract."""
        ticket = await self._store.get(ticket_id)
        async for sentence in self._summarizer.summarize(ticket.conversation):
            yield sentence

    async def triage(self, text: str) -> Triage:
        """See the contract."""
        return await self._enrichment.triage(text)

    async def triage_all(self, texts: tuple[str, ...]) -> AsyncIterator[BatchItem]:
        """See the contract."""
        async for item in as_ready(texts, self._enrichment.triage):
            yield item


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
