"""Tickets are stored first, read when the models are there, and never lost or doubled."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import pytest
from desk_fakes import FIRST_TEXT, NOON, Desk, FakeClassifier, first, run_desk, until
from support_desk.features import CustomerFeatures, EventKind
from support_desk.summarizer import Author
from support_desk.tickets import (
    KeyReused,
    NewTicket,
    Priority,
    Queue,
    Status,
    TicketNotFound,
)
from support_desk.tickets.service import Settings

import amoeba

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = ("classifier", "extractor", "summarizer", "features")


@pytest.fixture
def desk(database_url: str) -> Callable[..., Any]:
    """Run a test's body on a desk with an empty database."""
    return functools.partial(run_desk, database_url)


def test_a_ticket_is_stored_before_any_model_is_asked(desk):
    async def body(made: Desk) -> None:
        ticket = await made.service.open(first())
        assert (ticket.status, ticket.customer_id) == (Status.PENDING, "c1")
        assert (ticket.intent, ticket.priority, ticket.features, ticket.due_at) == (None,) * 4
        assert [each.text for each in ticket.messages] == [FIRST_TEXT]
        assert ticket.created_at == NOON
        assert made.classifier.asked == made.features.asked == 0

    desk(body)


def test_enriched_it_has_what_the_modules_say(desk):
    async def body(made: Desk) -> None:
        ticket = await made.service.enrich(await made.opened())
        assert (ticket.status, ticket.intent, ticket.confidence) == (
            Status.OPEN,
            "duplicate_payment",
            0.9,
        )
        assert [(each.text, each.start, each.end) for each in ticket.entities] == [("£12", 21, 24)]
        assert ticket.summary == "customer: duplicate_payment of £12."
        assert (ticket.priority, ticket.queue) == (Priority.HIGH, Queue.PAYMENTS)
        assert ticket.features == CustomerFeatures(2, 0, ())
        assert ticket.messages[0].intent == "duplicate_payment"
        assert ticket == await made.service.get(ticket.id)

    desk(body)


def test_an_enriched_ticket_is_not_read_again(desk):
    async def body(made: Desk) -> None:
        ticket = await made.service.enrich(await made.opened())
        assert await made.service.enrich(ticket.id) == ticket
        assert made.classifier.asked == 1

    desk(body)


def test_the_same_key_gives_the_same_ticket(desk):
    async def body(made: Desk) -> None:
        first = await made.opened()
        assert await made.opened() == first
        assert await made.opened(NewTicket("c2", FIRST_TEXT, "k1")) != first
        assert len((await made.service.customer("c1")).tickets) == 1

    desk(body)


def test_many_at_once_with_one_key_are_one_ticket(desk):
    async def body(made: Desk) -> None:
        found = await asyncio.gather(*(made.opened() for _ in range(10)))
        assert len(set(found)) == 1

    desk(body)


def test_a_key_is_not_for_another_message(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        with pytest.raises(KeyReused, match="the key 'k1' was used for another message"):
            await made.opened(NewTicket("c1", "something else", "k1"))
        with pytest.raises(KeyReused):
            await made.service.add_message(ticket_id, Author.CUSTOMER, FIRST_TEXT, "k1")
        other = await made.opened(NewTicket("c1", "another", "k2"))
        await made.service.add_message(ticket_id, Author.CUSTOMER, "more", "k3")
        with pytest.raises(KeyReused):
            await made.service.add_message(other, Author.CUSTOMER, "more", "k3")

    desk(body)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_is_down_is_named_and_the_ticket_stays_pending(desk, module):
    async def body(made: Desk) -> None:
        switch = getattr(made, module)
        switch.down = True
        ticket_id = await made.opened()
        with pytest.raises(amoeba.Unavailable) as caught:
            await made.service.enrich(ticket_id)
        assert caught.value.module == module
        assert (await made.service.get(ticket_id)).status is Status.PENDING
        switch.down = False
        assert (await made.service.enrich(ticket_id)).status is Status.OPEN

    desk(body)


@pytest.mark.parametrize("module", MODULES)
def test_what_could_not_be_read_is_read_without_being_asked(desk, module):
    async def body(made: Desk) -> None:
        switch = getattr(made, module)
        switch.down = True
        ids = [await made.opened(NewTicket("c1", f"mortgage {n}", f"k{n}")) for n in range(7)]
        made.now = None
        await switch.was_asked.wait()
        switch.down = False
        for ticket_id in ids:
            await until(lambda ticket_id=ticket_id: made.is_open(ticket_id))

    desk(body, retry_every_s=0.01)


def test_a_ticket_on_which_a_model_fails_holds_up_no_other(desk):
    async def body(made: Desk) -> None:
        bad = await made.opened(NewTicket("c1", "mortgage", "k1"))

        async def fail_on_one(text: str) -> Any:
            if text == "mortgage":
                raise ValueError(text)
            return await FakeClassifier.classify(made.classifier, text)

        made.classifier.classify = fail_on_one
        good = await made.opened(NewTicket("c1", "overdraft", "k2"))
        made.now = None
        await until(lambda: made.is_open(good))
        assert (await made.service.get(bad)).status is Status.PENDING

    desk(body, retry_every_s=0.01)


def test_a_deadline_that_passes_leaves_the_ticket_pending(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.extractor.gate.clear()
        with pytest.raises(amoeba.DeadlineExceeded):
            async with amoeba.deadline(0.05):
                await made.service.enrich(ticket_id)
        made.extractor.gate.set()
        assert (await made.service.get(ticket_id)).status is Status.PENDING
        assert (await made.service.enrich(ticket_id)).status is Status.OPEN

    desk(body)


def test_two_that_enrich_at_once_store_one_result(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        one, other = await asyncio.gather(*(made.service.enrich(ticket_id) for _ in range(2)))
        assert one == other
        await made.service.customer("c1")
        kinds = [made.features.events[each].kind for each in set(made.features.told)]
        assert sorted(kinds) == sorted(
            [EventKind.TICKET_OPENED, EventKind.MESSAGE_RECEIVED, EventKind.INTENT_RECOGNISED]
        )

    desk(body)


def test_an_unknown_ticket_is_not_found(desk):
    async def body(made: Desk) -> None:
        service = made.service
        for call in (
            service.get("no"),
            service.enrich("no"),
            service.close("no"),
            service.add_message("no", Author.CUSTOMER, "text", "key"),
            anext(service.summarize("no")),
        ):
            with pytest.raises(TicketNotFound, match="there is no ticket 'no'"):
                await call

    desk(body)


def test_triage_says_the_same_and_stores_nothing(desk):
    async def body(made: Desk) -> None:
        triage = await made.service.triage(FIRST_TEXT)
        ticket = await made.service.enrich(await made.opened())
        for field in ("intent", "confidence", "entities", "summary", "priority", "queue"):
            assert getattr(triage, field) == getattr(ticket, field)
        assert made.features.asked == 2

    desk(body)


@pytest.mark.parametrize("every_s", [0.0, -1.0, float("nan"), float("inf")])
def test_settings_that_make_no_sense_are_refused(every_s):
    with pytest.raises(ValueError, match=r"retry_every_s is .*, expected more than 0 seconds"):
        Settings(retry_every_s=every_s)
