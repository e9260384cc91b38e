"""The implementation of `features`: keeps the events and counts when it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import sqlalchemy as sa

import amoeba
from support_desk.database import Database, stored_once
from support_desk.features import CustomerFeatures, Event, EventKind, Features, tables

HOUR = timedelta(hours=1)
LAST_INTENTS = 5
DATABASE = amoeba.Secret("sqlite:///var/features.db")
_events = tables.events.c


@dataclass(frozen=True, slots=True)
class Settings:
    """`database` is a URL; a SQLite file is relative to the application's folder."""

    database: amoeba.Secret = DATABASE


class StoredFeatures(Features):
    """Keeps events in a database of its own. `now` is for tests."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database
        self._database: Database
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def __aenter__(self) -> Self:
        migrations = Path(__file__).parent / "migrations"
        self._database = await Database.open(self._url.reveal(), "features", migrations)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._database.close()

    async def record(self, events: tuple[Event, ...]) -> None:
        """Store the events that are not there yet."""
        rows = [_row(event) for event in events]
        async with self._database.writing() as connection:
            await stored_once(connection, tables.events, rows)

    async def of(self, customer_id: str) -> CustomerFeatures:
        """Count what the customer's events say."""
        async with self._database.reading() as connection:
            open_tickets = await connection.scalar(_open_tickets(customer_id))
            recent = await connection.scalar(_messages_since(customer_id, self.now() - HOUR))
            intents = await connection.scalars(_last_intents(customer_id))
            return CustomerFeatures(open_tickets or 0, recent or 0, tuple(intents))


def _row(event: Event) -> dict[str, object]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "customer_id": event.customer_id,
        "ticket_id": event.ticket_id,
        "at": event.at,
        "intent": event.intent,
    }


def _open_tickets(customer_id: str) -> sa.Select[int]:
    """Count the tickets that were opened, or opened again, after they were last closed."""

    def last(kind: EventKind) -> sa.Label[datetime]:
        return sa.func.max(sa.case((_events.kind == kind.value, _events.at))).label(kind.value)

    opened, closed = last(EventKind.TICKET_OPENED), last(EventKind.TICKET_CLOSED)
    tickets = (
        sa.select(opened, closed)
        .where(_events.customer_id == customer_id)
        .group_by(_events.ticket_id)
        .subquery()
    )
    opened_at, closed_at = tickets.c.ticket_opened, tickets.c.ticket_closed
    still_open = sa.or_(closed_at.is_(None), opened_at > closed_at)
    return sa.select(sa.func.count()).where(opened_at.is_not(None), still_open)


def _messages_since(customer_id: str, since: datetime) -> sa.Select[int]:
    return sa.select(sa.func.count()).where(
        _events.customer_id == customer_id,
        _events.kind == EventKind.MESSAGE_RECEIVED.value,
        _events.at > since,
    )


def _last_intents(customer_id: str) -> sa.Select[str]:
    return (
        sa.select(_events.intent)
        .where(
            _events.customer_id == customer_id,
            _events.kind == EventKind.INTENT_RECOGNISED.value,
        )
        .order_by(_events.at.desc(), _events.id.desc())
        .limit(LAST_INTENTS)
    )
