"""What cannot be read is tried again in good time, harms nobody, and ends with a person."""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from desk_fakes import NOON, Desk, FakeClassifier, run_desk, until
from support_desk.features import EventKind
from support_desk.summarizer import Author
from support_desk.tickets import KeyReused, NewTicket, Priority, Queue, Status
from support_desk.tickets.patience import CLAIM, LEASE, MOST_ATTEMPTS

import amoeba

if TYPE_CHECKING:
    from collections.abc import Callable

FATAL = amoeba.Unavailable("classifier", "the connection was lost", broke_off=True)


@pytest.fixture
def desk(database_url: str) -> Callable[..., Any]:
    """Run a test's body on a desk with an empty database."""
    return functools.partial(run_desk, database_url)


def test_a_request_in_progress_is_left_to_itself(desk):
    async def body(made: Desk) -> None:
        await made.opened()
        assert await made.due() == []
        made.now = NOON + LEASE
        assert len(await made.due()) == 1

    desk(body)


def test_only_one_process_catches_up_with_a_ticket(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.now = NOON + LEASE
        store = made.service._store
        claims = await asyncio.gather(*(store.claim(ticket_id, made.now) for _ in range(8)))
        assert sorted(claims) == [False] * 7 + [True]
        assert await made.due() == []
        made.now += CLAIM
        assert await made.due() == [ticket_id]

    desk(body)


@pytest.mark.parametrize("error", [FATAL, ValueError("a bug")], ids=["breaks off", "raises"])
def test_a_message_that_breaks_a_model_is_tried_ever_later_and_then_left_to_a_person(desk, error):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.classifier.error = error
        waits = []
        for attempt in range(MOST_ATTEMPTS):
            with pytest.raises(type(error)):
                await made.service.enrich(ticket_id)
            if attempt < MOST_ATTEMPTS - 1:
                with pytest.raises(amoeba.Unavailable) as caught:
                    await made.service.enrich(ticket_id)
                assert made.classifier.asked == attempt + 1
                waits.append(caught.value.retry_after_s)
                assert await made.due() == []
                made.now += timedelta(seconds=waits[-1])
                assert await made.due() == [ticket_id]
        assert waits == [5.0, 20.0]
        ticket = await made.service.enrich(ticket_id)
        assert (ticket.status, ticket.intent) == (Status.OPEN, None)
        assert (ticket.queue, ticket.priority) == (Queue.HUMAN_TRIAGE, Priority.HIGH)
        assert ticket.due_at == NOON + timedelta(hours=4)
        assert made.classifier.asked == MOST_ATTEMPTS

    desk(body)


def test_what_a_person_reads_is_read_by_the_models_when_the_customer_writes_again(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.classifier.error = ValueError("a bug")
        for _ in range(MOST_ATTEMPTS):
            with pytest.raises(ValueError, match="a bug"):
                await made.service.enrich(ticket_id)
            made.now += timedelta(hours=1)
        made.classifier.error = None
        await made.service.add_message(ticket_id, Author.CUSTOMER, "mortgage", "k2")
        ticket = await made.service.enrich(ticket_id)
        assert [each.intent for each in ticket.messages] == ["duplicate_payment", "mortgage"]

    desk(body)


def test_a_module_that_is_down_is_not_the_tickets_fault(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        made.classifier.down = True
        for _ in range(3 * MOST_ATTEMPTS):
            with pytest.raises(amoeba.Unavailable, match="taken away by the test"):
                await made.service.enrich(ticket_id)
        made.classifier.down = False
        assert (await made.service.enrich(ticket_id)).status is Status.OPEN

    desk(body)


def test_many_tickets_that_cannot_be_read_do_not_keep_one_that_can_from_being_read(desk):
    async def body(made: Desk) -> None:
        for number in range(120):
            await made.opened(NewTicket("c1", "mortgage", f"k{number}"))

        async def fail_on_most(text: str) -> Any:
            if text == "mortgage":
                raise ValueError(text)
            return await FakeClassifier.classify(made.classifier, text)

        made.classifier.classify = fail_on_most
        good = await made.opened(NewTicket("c1", "overdraft", "good"))
        made.now = None
        await until(lambda: made.is_open(good))

    desk(body, retry_every_s=0.01)


def test_events_are_told_while_a_model_is_down(desk):
    async def body(made: Desk) -> None:
        made.classifier.down = True
        await made.opened()
        made.now = None

        async def told() -> bool:
            return len(made.features.events) == 2

        await until(told)

    desk(body, retry_every_s=0.01)


def test_another_authors_message_is_not_the_same(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.add_message(ticket_id, Author.CUSTOMER, "Done", "k2")
        with pytest.raises(KeyReused):
            await made.service.add_message(ticket_id, Author.AGENT, "Done", "k2")

    desk(body)


def test_one_key_on_two_tickets_at_once_is_one_message_and_a_refusal(desk):
    async def body(made: Desk) -> None:
        one = await made.opened()
        other = await made.opened(NewTicket("c1", "mortgage", "k2"))
        for number in range(10):
            adds = (
                made.service.add_message(each, Author.CUSTOMER, "more", f"same{number}")
                for each in (one, other)
            )
            done = await asyncio.gather(*adds, return_exceptions=True)
            assert sorted(type(each).__name__ for each in done) == ["KeyReused", "Ticket"]

    desk(body)


def test_a_ticket_that_is_closed_and_opened_in_one_instant_is_open_for_features(desk):
    async def body(made: Desk) -> None:
        ticket_id = await made.opened()
        await made.service.close(ticket_id)
        await made.service.add_message(ticket_id, Author.CUSTOMER, "again", "k2")
        await made.service.customer("c1")
        at = {event.kind: event.at for event in made.features.events.values()}
        assert at[EventKind.TICKET_CLOSED] < at[EventKind.TICKET_OPENED]

    desk(body)
