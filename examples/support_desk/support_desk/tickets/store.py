"""What `tickets` keeps: each change is one transaction, and leaves the events it means in it.

An event is stored with what it tells of, so it is lost with it or not at all; it is deleted when
`features` has taken it. An event that is told twice counts once, since its id says what it is of.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from support_desk.database import stored_once
from support_desk.features import Event, EventKind
from support_desk.summarizer import Author
from support_desk.tickets import KeyReused, NewTicket, TicketNotFound, TicketSummary
from support_desk.tickets.patience import CLAIM, LEASE, MOST_ATTEMPTS
from support_desk.tickets.records import StoredTicket, stored_message, summary_of
from support_desk.tickets.rules import LEFT_TO_A_PERSON
from support_desk.tickets.tables import messages, outbox, tickets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.ext.asyncio import AsyncConnection

    from support_desk.database import Database
    from support_desk.tickets.enrichment import Findings
    from support_desk.tickets.patience import Failure

MOST_LISTED = 100
_READ = {"attempts": 0, "waits_for": ""}
_RACES = 2


class TicketStore:
    """Tickets, messages and events in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, new: NewTicket, now: datetime) -> str:
        """Store a ticket with its first message, unless its key is known; gives its id."""
        for _ in range(_RACES):
            try:
                async with self._database.writing() as connection:
                    known = await _by_key(connection, new.customer_id, new.key)
                    if known is not None:
                        return _the_same(known, new.key, new.text, Author.CUSTOMER, first=True)
                    return await _opened(connection, new, now)
            except IntegrityError:  # another transaction stored the key in between: read it
                continue
        raise KeyReused(new.key)

    async def add(self, ticket_id: str, author: Author, text: str, key: str, now: datetime) -> None:
        """Store one more message, unless its key is known."""
        for _ in range(_RACES):
            try:
                async with self._database.writing() as connection:
                    ticket = await _locked(connection, ticket_id)
                    known = await _by_key(connection, ticket.customer_id, key)
                    if known is None:
                        await _added(connection, ticket, author, text, key, now)
                    elif _the_same(known, key, text, author, first=False) != ticket_id:
                        raise KeyReused(key)
                    return
            except IntegrityError:  # as in `open`
                continue
        raise KeyReused(key)

    async def close(self, ticket_id: str, now: datetime) -> None:
        """Close a ticket that is not closed."""
        async with self._database.writing() as connection:
            ticket = await _locked(connection, ticket_id)
            if ticket.closed_at is not None:
                return
            now = _after(ticket, now)
            change = {"closed_at": now, "waiting_since": None, "changed_at": now}
            await connection.execute(
                tickets.update().where(tickets.c.id == ticket_id).values(change)
            )
            event = _event(
                EventKind.TICKET_CLOSED, ticket_id, ticket.customer_id, ticket.revision, now
            )
            await stored_once(connection, outbox, [event])

    async def get(self, ticket_id: str) -> StoredTicket:
        """Give a ticket. Raises `TicketNotFound`."""
        async with self._database.reading() as connection:
            found = sa.select(tickets).where(tickets.c.id == ticket_id)
            row = (await connection.execute(found)).one_or_none()
            if row is None:
                raise TicketNotFound(ticket_id)
            written = (
                sa.select(messages)
                .where(messages.c.ticket_id == ticket_id)
                .order_by(messages.c.position)
            )
            rows = (await connection.execute(written)).all()
            return StoredTicket(row, tuple(map(stored_message, rows)))

    async def enriched(self, ticket: StoredTicket, found: Findings) -> bool:
        """Store what was found of a ticket; False when it has changed since it was read."""
        row = ticket.row
        async with self._database.writing() as connection:
            done = await connection.execute(
                tickets.update()
                .where(tickets.c.id == row.id, tickets.c.revision == row.revision)
                .where(tickets.c.pending)
                .values(pending=False, **_READ, **found.columns())
            )
            await _forget(connection, found.told)
            if not done.rowcount:
                return False
            for position, reading in found.readings.items():
                await connection.execute(
                    messages.update()
                    .where(messages.c.ticket_id == row.id, messages.c.position == position)
                    .values(msgspec.to_builtins(reading))
                )
            await stored_once(connection, outbox, list(_recognised(ticket, found)))
            return True

    async def failed(self, ticket: StoredTicket, failure: Failure, now: datetime) -> None:
        """Note that reading a ticket failed; after some times it is a person's."""
        attempts = ticket.row.attempts + failure.counts
        change: dict[str, object] = {
            "attempts": attempts,
            "retry_at": now + failure.pause,
            "waits_for": failure.module,
        }
        if attempts >= MOST_ATTEMPTS:
            queue, priority = LEFT_TO_A_PERSON
            change |= {"pending": False, "queue": queue.value, "priority": priority.value, **_READ}
        row = ticket.row
        async with self._database.writing() as connection:
            await connection.execute(
                tickets.update()
                .where(tickets.c.id == row.id, tickets.c.revision == row.revision)
                .where(tickets.c.pending)
                .values(change)
            )

    async def due(self, now: datetime, most: int) -> list[str]:
        """Name pending tickets that may be tried again, those that wait longest first."""
        query = (
            sa.select(tickets.c.id)
            .where(tickets.c.pending, tickets.c.retry_at <= now)
            .order_by(tickets.c.retry_at, tickets.c.id)
            .limit(most)
        )
        async with self._database.reading() as connection:
            return list(await connection.scalars(query))

    async def claim(self, ticket_id: str, now: datetime) -> bool:
        """Take a due ticket, so that no other process tries it at the same time."""
        async with self._database.writing() as connection:
            taken = await connection.execute(
                tickets.update()
                .where(tickets.c.id == ticket_id, tickets.c.pending, tickets.c.retry_at <= now)
                .values(retry_at=now + CLAIM)
            )
        return bool(taken.rowcount)

    async def of_customer(self, customer_id: str) -> tuple[TicketSummary, ...]:
        """List a customer's tickets, the newest first."""
        query = (
            sa.select(tickets)
            .where(tickets.c.customer_id == customer_id)
            .order_by(tickets.c.created_at.desc(), tickets.c.id)
            .limit(MOST_LISTED)
        )
        async with self._database.reading() as connection:
            return tuple(map(summary_of, (await connection.execute(query)).all()))

    async def untold(self, customer_id: str | None, most: int) -> tuple[Event, ...]:
        """Give events that are still to be told, of one customer or of all, the oldest first."""
        query = sa.select(outbox).order_by(outbox.c.at, outbox.c.id).limit(most)
        if customer_id is not None:
            query = query.where(outbox.c.customer_id == customer_id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Event(row.id, EventKind(row.kind), row.customer_id, row.ticket_id, row.at, row.intent)
            for row in rows
        )

    async def forget(self, event_ids: Iterable[str]) -> None:
        """Delete events that were told."""
        async with self._database.writing() as connection:
            await _forget(connection, event_ids)


async def _opened(connection: AsyncConnection, new: NewTicket, now: datetime) -> str:
    ticket_id = str(uuid4())
    await connection.execute(
        tickets.insert().values(
            id=ticket_id,
            customer_id=new.customer_id,
            revision=1,
            pending=True,
            summary="",
            created_at=now,
            changed_at=now,
            waiting_since=now,
            retry_at=now + LEASE,
            **_READ,
        )
    )
    message = _message(ticket_id, 0, new.customer_id, Author.CUSTOMER, new.text)
    await connection.execute(messages.insert().values(**message, key=new.key, created_at=now))
    events = _received(ticket_id, new.customer_id, 0, now, again=True)
    await stored_once(connection, outbox, events)
    return ticket_id


async def _added(
    connection: AsyncConnection,
    ticket: sa.Row[tuple[object, ...]],
    author: Author,
    text: str,
    key: str,
    now: datetime,
) -> None:
    now = _after(ticket, now)
    change: dict[str, object] = {"waiting_since": None}
    if author is Author.CUSTOMER:
        change = {"waiting_since": ticket.waiting_since or now, "closed_at": None}
        again = ticket.closed_at is not None
        events = _received(ticket.id, ticket.customer_id, ticket.revision, now, again=again)
        await stored_once(connection, outbox, events)
    message = _message(ticket.id, ticket.revision, ticket.customer_id, author, text)
    await connection.execute(messages.insert().values(**message, key=key, created_at=now))
    change |= {"revision": ticket.revision + 1, "pending": True, "changed_at": now}
    change |= {"retry_at": now + LEASE, **_READ}
    await connection.execute(tickets.update().where(tickets.c.id == ticket.id).values(change))


def _after(ticket: sa.Row[tuple[object, ...]], now: datetime) -> datetime:
    """The moment of a change: later than the last one, whatever another process' clock said."""
    last: datetime = ticket.changed_at
    return max(now, last + timedelta(microseconds=1))


async def _locked(connection: AsyncConnection, ticket_id: str) -> sa.Row[tuple[object, ...]]:
    """Read a ticket that nobody else changes until the transaction ends."""
    query = sa.select(tickets).where(tickets.c.id == ticket_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise TicketNotFound(ticket_id)
    return row


async def _by_key(
    connection: AsyncConnection, customer_id: str, key: str
) -> sa.Row[tuple[object, ...]] | None:
    query = sa.select(messages).where(messages.c.customer_id == customer_id, messages.c.key == key)
    return (await connection.execute(query)).one_or_none()


async def _forget(connection: AsyncConnection, event_ids: Iterable[str]) -> None:
    ids = list(event_ids)
    if ids:
        await connection.execute(outbox.delete().where(outbox.c.id.in_(ids)))


def _the_same(
    known: sa.Row[tuple[object, ...]], key: str, text: str, author: Author, *, first: bool
) -> str:
    """Give the ticket of a message that is sent again. Raises `KeyReused` for another one."""
    if (known.text, known.author, known.position == 0) != (text, author.value, first):
        raise KeyReused(key)
    return str(known.ticket_id)


def _message(
    ticket_id: str, position: int, customer_id: str, author: Author, text: str
) -> dict[str, object]:
    return {
        "ticket_id": ticket_id,
        "position": position,
        "customer_id": customer_id,
        "author": author.value,
        "text": text,
    }


def _received(
    ticket_id: str, customer_id: str, position: int, now: datetime, *, again: bool
) -> list[dict[str, object]]:
    """Make the events of a customer's message; `again` when it opens the ticket (once more)."""
    kinds = [EventKind.MESSAGE_RECEIVED, *([EventKind.TICKET_OPENED] if again else [])]
    return [_event(kind, ticket_id, customer_id, position, now) for kind in kinds]


def _recognised(ticket: StoredTicket, found: Findings) -> Iterable[dict[str, object]]:
    moments = {message.position: message.created_at for message in ticket.messages}
    for position, reading in found.readings.items():
        yield _event(
            EventKind.INTENT_RECOGNISED,
            ticket.row.id,
            ticket.row.customer_id,
            position,
            moments[position],
            reading.intent,
        )


def _event(
    kind: EventKind,
    ticket_id: str,
    customer_id: str,
    position: int,
    at: datetime,
    intent: str = "",
) -> dict[str, object]:
    return {
        "id": f"{ticket_id}/{position}/{kind.value}",
        "kind": kind.value,
        "customer_id": customer_id,
        "ticket_id": ticket_id,
        "at": at,
        "intent": intent,
    }
