"""What is known of a customer follows from the events, whatever the order they come in."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from support_desk.features import CustomerFeatures, Event, EventKind
from support_desk.features.store import LAST_INTENTS, Settings, StoredFeatures

import amoeba

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOTHING = CustomerFeatures(0, 0, ())


@pytest.fixture
def features(database_url: str) -> Callable[[Callable[[StoredFeatures], Awaitable[Any]]], Any]:
    """Run a test's body on features that know nothing."""

    def run(body: Callable[[StoredFeatures], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            async with asyncio.timeout(30):
                async with StoredFeatures(Settings(amoeba.Secret(database_url))) as made:
                    made.now = lambda: NOON
                    return await body(made)

        return asyncio.run(inside())

    return run


def event(kind: EventKind, minutes: float, *, ticket: str = "t1", **more: str) -> Event:
    at = NOON + timedelta(minutes=minutes)
    name = f"{ticket}/{minutes}/{kind}"
    return Event(name, kind, more.get("customer", "c1"), ticket, at, more.get("intent", ""))


def received(minutes: float, **more: str) -> Event:
    return event(EventKind.MESSAGE_RECEIVED, minutes, **more)


def test_of_an_unknown_customer_nothing_is_known(features):
    assert features(lambda made: made.of("nobody")) == NOTHING


def test_no_events_change_nothing(features):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        await made.record(())
        return await made.of("c1")

    assert features(body) == NOTHING


def test_an_event_counts_once_however_often_it_is_told(features):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        for _ in range(3):
            await made.record((received(-5), received(-5)))
        return await made.of("c1")

    assert features(body).messages_last_hour == 1


def test_messages_count_for_an_hour(features):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        await made.record(tuple(map(received, (-61, -60, -59.9, -1, 0))))
        return await made.of("c1")

    assert features(body).messages_last_hour == 3


def test_customers_are_kept_apart(features):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        await made.record((received(-1, customer="c2"),))
        return await made.of("c1")

    assert features(body) == NOTHING


def test_the_last_intents_are_the_newest_first(features):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        minutes = [-3, -9, -1, -7, -5, -8, -2]
        await made.record(
            tuple(event(EventKind.INTENT_RECOGNISED, m, intent=f"{-m}") for m in minutes)
        )
        return await made.of("c1")

    found = features(body).last_intents
    assert found == ("1", "2", "3", "5", "7")
    assert len(found) == LAST_INTENTS


LIFE = [
    event(EventKind.TICKET_OPENED, -50),
    event(EventKind.TICKET_CLOSED, -40),
    event(EventKind.TICKET_OPENED, -30),
    event(EventKind.TICKET_OPENED, -20, ticket="t2"),
    event(EventKind.TICKET_CLOSED, -10, ticket="t2"),
]


@pytest.mark.parametrize(("count", "still_open"), [(1, 1), (2, 0), (3, 1), (4, 2), (5, 1)])
def test_a_ticket_is_open_unless_it_was_closed_last(features, count, still_open):
    async def body(made: StoredFeatures) -> CustomerFeatures:
        await made.record(tuple(LIFE[:count]))
        return await made.of("c1")

    assert features(body).open_tickets == still_open


def test_the_order_of_arrival_does_not_matter(features):
    async def body(made: StoredFeatures) -> set[CustomerFeatures]:
        found = set()
        for number, order in enumerate(itertools.permutations(LIFE)):
            if number % 17:
                continue
            who = f"c{number}"
            events = [Event(f"{who}/{e.id}", e.kind, who, e.ticket_id, e.at) for e in order]
            for each in events[:2]:
                await made.record((each,))
            await made.record(tuple(events[2:]))
            found.add(await made.of(who))
        return found

    assert features(body) == {CustomerFeatures(1, 0, ())}
