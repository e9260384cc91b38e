"""A conversation goes on: what later messages change, who waits, and what is told of it."""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from desk_fakes import NOON, Desk, run_desk, until
from support_desk.features import EventKind
from support_desk.summarizer import Author
from support_desk.tickets import (
    CustomerNotFound,
    NewTicket,
    Priority,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = ("classifier", "extractor", "summarizer", "features")


@pytest.fixture
def desk(database_url: str) -> Callable[..., Any]:
    """Run a test's body on a desk with an empty database."""
    return functools.partial(run_desk, database_url)


def test_a_message_that_comes_in_between_is_read_too(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.summarizer.gate.clear()
        enriching = asyncio.create_task(made.service.enrich(ticket_id))
        await made.summarizer.was_asked.wait()
        await made.service.add_message(ticket_id, Author.CUSTOMER, "report_fraud now", "k2")
        made.summarizer.gate.set()
        ticket = await enriching
        assert (ticket.status, ticket.intent) == (Status.OPEN, "report_fraud")
        assert [each.intent for each in ticket.messages] == ["duplicate_payment", "report_fraud"]

    desk(body)


def test_a_later_message_can_make_a_ticket_more_urgent_but_not_less(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened(NewTicket("c1", "mortgage £5", "k1"))
        assert (await made.service.enrich(ticket_id)).priority is Priority.NORMAL
        for text, intent, priority in (
            ("report_fraud £7", "report_fraud", Priority.URGENT),
            ("branch_info £9", "report_fraud", Priority.URGENT),
        ):
            await made.service.add_message(ticket_id, Author.CUSTOMER, text, text)
            ticket = await made.service.enrich(ticket_id)
            assert (ticket.intent, ticket.priority) == (intent, priority)
            assert [each.text for each in ticket.entities] == ["£7"]
        assert made.classifier.asked == 3

    desk(body)


def test_an_agents_message_is_summarized_but_not_classified(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.enrich(ticket_id)
        await made.service.add_message(ticket_id, Author.AGENT, "All fine", "k2")
        ticket = await made.service.enrich(ticket_id)
        assert ticket.summary.endswith("agent: All fine.")
        assert (made.classifier.asked, ticket.messages[1].intent) == (1, None)

    desk(body)


def test_the_clock_runs_while_the_customer_waits(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        ticket = await made.service.enrich(ticket_id)
        assert (ticket.due_at, ticket.overdue) == (NOON + timedelta(hours=4), False)
        made.now = NOON + timedelta(hours=4, seconds=1)
        assert (await made.service.get(ticket_id)).overdue
        await made.service.add_message(ticket_id, Author.CUSTOMER, "mortgage", "k2")
        assert (await made.service.get(ticket_id)).due_at == NOON + timedelta(hours=4)

    desk(body)


def test_an_answer_stops_the_clock_and_the_next_message_starts_it(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.enrich(ticket_id)
        made.now = NOON + timedelta(hours=9)
        await made.service.add_message(ticket_id, Author.AGENT, "Done", "k2")
        ticket = await made.service.enrich(ticket_id)
        assert (ticket.due_at, ticket.overdue) == (None, False)
        made.now = NOON + timedelta(hours=10)
        await made.service.add_message(ticket_id, Author.CUSTOMER, "Not at all", "k3")
        assert (await made.service.get(ticket_id)).due_at == NOON + timedelta(hours=14)

    desk(body)


def test_a_closed_ticket_is_opened_by_the_next_message(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.enrich(ticket_id)
        assert (await made.service.close(ticket_id)).status is Status.CLOSED
        assert (await made.service.close(ticket_id)).due_at is None
        made.now = NOON + timedelta(hours=1)
        await made.service.add_message(ticket_id, Author.CUSTOMER, "mortgage", "k2")
        assert (await made.service.enrich(ticket_id)).status is Status.OPEN
        await made.service.customer("c1")
        kinds = [event.kind for event in made.features.events.values()]
        assert kinds.count(EventKind.TICKET_OPENED) == 2
        assert kinds.count(EventKind.TICKET_CLOSED) == 1

    desk(body)


def test_features_are_told_at_the_latest_when_they_are_asked(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        assert made.features.events == {}
        await made.service.enrich(ticket_id)
        told = {event.kind for event in made.features.events.values()}
        assert told == {EventKind.TICKET_OPENED, EventKind.MESSAGE_RECEIVED}
        customer = await made.service.customer("c1")
        assert customer.features.open_tickets == 3
        intent = next(
            event
            for event in made.features.events.values()
            if event.kind is EventKind.INTENT_RECOGNISED
        )
        assert (intent.intent, intent.at) == ("duplicate_payment", NOON)

    desk(body)


def test_events_are_told_without_being_asked(desk):
    async def body(made: Desk) -> None:
        await made.service.enrich(await made.opened())
        made.now = None

        async def all_told() -> bool:
            return len(made.features.events) == 3

        await until(all_told)

    desk(body, retry_every_s=0.01)


def test_a_customer_has_tickets_the_newest_first(desk):
    async def body(made: Desk) -> None:
        with pytest.raises(CustomerNotFound, match="customer 'c1' has never written"):
            await made.service.customer("c1")
        ids = []
        for number in range(3):
            made.now = NOON + timedelta(minutes=number)
            ids.append(await made.opened(NewTicket("c1", "mortgage", f"k{number}")))
        await made.service.enrich(ids[1])
        customer = await made.service.customer("c1")
        assert [each.id for each in customer.tickets] == ids[::-1]
        assert [each.intent for each in customer.tickets] == [None, "mortgage", None]

    desk(body)


def test_a_summary_streams_what_is_stored(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.add_message(ticket_id, Author.AGENT, "Noted", "k2")
        assert [each async for each in made.service.summarize(ticket_id)] == [
            "customer: duplicate_payment of £12.",
            "agent: Noted.",
        ]

    desk(body)


def test_any_text_comes_back_as_it_was(desk):
    async def body(made: Desk) -> None:
        text = "Zürich 🎉 \u200f עברית\n\n\ttabs 'quotes' \"and\" %s {x} \\ " + "x" * 4000
        ticket = await made.service.get(await made.opened(NewTicket("Ünï", text, "k")))
        assert (ticket.customer_id, ticket.messages[0].text) == ("Ünï", text)

    desk(body)
