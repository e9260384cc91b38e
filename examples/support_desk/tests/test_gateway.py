"""The HTTP edge answers with what the desk knows, and says what is missing."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from desk_gateway import HttpDesk, run_gateway
from support_desk import gateway
from support_desk.gateway import streams, tickets, triage
from support_desk.gateway.schemas import EXAMPLE

import amoeba

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

TEXT = "duplicate_payment of £12"
POST = {"customer_id": "c1", "text": TEXT}
TRIAGED = {
    "intent": "duplicate_payment",
    "confidence": 0.9,
    "entities": [{"type": "amount", "text": "£12", "start": 21, "end": 24}],
    "summary": f"customer: {TEXT}.",
    "priority": "high",
    "queue": "payments",
}
JSON = {"content-type": "application/json"}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a test's body against the gateway."""
    return functools.partial(run_gateway, tmp_path, monkeypatch)


def without_times(ticket: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in ticket.items() if k not in ("id", "created_at", "due_at", "messages")}


def test_a_ticket_is_answered_with_all_that_is_known(desk):
    async def body(made: HttpDesk) -> None:
        answer = await made.http.post("/tickets", json=POST)
        assert answer.status_code == 201
        ticket = answer.json()
        assert answer.headers["location"] == f"/tickets/{ticket['id']}"
        assert without_times(ticket) == TRIAGED | {
            "customer_id": "c1",
            "status": "open",
            "features": {"open_tickets": 2, "messages_last_hour": 0, "last_intents": []},
            "overdue": False,
        }
        assert [each["text"] for each in ticket["messages"]] == [TEXT]
        assert (await made.http.get(f"/tickets/{ticket['id']}")).json() == ticket

    desk(body)


def test_a_ticket_sent_again_under_its_key_is_stored_once(desk):
    async def body(made: HttpDesk) -> None:
        key = {"idempotency-key": "mine-1"}
        first = await made.http.post("/tickets", json=POST, headers=key)
        again = await made.http.post("/tickets", json=POST, headers=key)
        assert (again.status_code, again.json()) == (201, first.json())
        other = await made.http.post("/tickets", json=POST | {"text": "x"}, headers=key)
        assert other.status_code == 409
        assert other.json() == {"detail": "the key 'mine-1' was used for another message"}
        customer = (await made.http.get("/customers/c1")).json()
        assert [each["id"] for each in customer["tickets"]] == [first.json()["id"]]

    desk(body)


@pytest.mark.parametrize("module", ["classifier", "extractor", "summarizer", "features"])
def test_with_a_module_down_the_ticket_is_stored_and_the_module_named(desk, module):
    async def body(made: HttpDesk) -> None:
        getattr(made, module).down = True
        answer = await made.http.post("/tickets", json=POST)
        ticket_id = answer.json()["ticket"]["id"]
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.headers["location"] == f"/tickets/{ticket_id}"
        assert answer.json() == {
            "detail": f"module {module} is unavailable; the ticket is stored",
            "module": module,
            "ticket": {"id": ticket_id, "status": "pending"},
        }
        stored = (await made.http.get(f"/tickets/{ticket_id}")).json()
        assert (stored["status"], stored["intent"]) == ("pending", None)

    desk(body)


def test_past_the_deadline_the_ticket_is_stored(desk, monkeypatch):
    async def body(made: HttpDesk) -> None:
        monkeypatch.setattr(tickets, "DEADLINE_S", 0.1)
        made.summarizer.gate.clear()
        answer = await made.http.post("/tickets", json=POST)
        assert answer.status_code == 504
        assert (
            answer.json()["detail"] == "the ticket was not read before the deadline; it is stored"
        )
        assert (await made.http.get(answer.headers["location"])).json()["status"] == "pending"

    desk(body)


def test_past_the_deadline_a_triage_is_504(desk, monkeypatch):
    async def body(made: HttpDesk) -> None:
        monkeypatch.setattr(triage, "DEADLINE_S", 0.05)
        made.classifier.gate.clear()
        answer = await made.http.post("/triage", json={"text": TEXT})
        assert answer.status_code == 504
        assert answer.json() == {"detail": "the request took longer than its deadline"}

    desk(body)


def test_a_message_is_added_and_read(desk):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        answer = await made.http.post(f"{path}/messages", json={"text": "report_fraud!"})
        assert answer.status_code == 201
        assert (answer.json()["intent"], answer.json()["priority"]) == ("duplicate_payment", "high")
        assert len(answer.json()["messages"]) == 2
        agent = await made.http.post(f"{path}/messages", json={"text": "ok", "author": "agent"})
        assert agent.json()["due_at"] is None
        made.classifier.down = True
        late = await made.http.post(f"{path}/messages", json={"text": "hello"})
        assert (late.status_code, late.json()["module"]) == (503, "classifier")

    desk(body)


def test_a_ticket_is_closed(desk):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        assert (await made.http.post(f"{path}/close")).json()["status"] == "closed"
        assert (await made.http.get(path)).json()["status"] == "closed"

    desk(body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tickets/0"),
        ("GET", "/tickets/0/summary"),
        ("POST", "/tickets/0/close"),
        ("POST", "/tickets/0/messages"),
    ],
)
def test_an_unknown_ticket_is_404(desk, method, path):
    async def body(made: HttpDesk) -> None:
        content = {"text": "hello"} if path.endswith("messages") else None
        answer = await made.http.request(method, path, json=content)
        assert (answer.status_code, answer.json()) == (404, {"detail": "there is no ticket '0'"})

    desk(body)


def test_an_unknown_customer_is_404(desk):
    async def body(made: HttpDesk) -> None:
        answer = await made.http.get("/customers/c9")
        assert answer.status_code == 404
        assert answer.json() == {"detail": "customer 'c9' has never written"}

    desk(body)


def test_a_summary_is_an_event_for_each_sentence(desk):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        await made.http.post(f"{path}/messages", json={"text": "second\nline £3"})
        answer = await made.http.get(f"{path}/summary")
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text == (
            f'event: sentence\ndata: "customer: {TEXT}."\n\n'
            'event: sentence\ndata: "customer: second\\nline £3."\n\n'
            "event: end\ndata: null\n\n"
        )

    desk(body)


def test_a_summary_that_cannot_begin_is_503(desk):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        made.summarizer.down = True
        answer = await made.http.get(f"{path}/summary")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")

    desk(body)


def test_a_stream_that_breaks_says_so_in_its_last_part():
    async def items() -> AsyncIterator[str]:
        yield "one"
        raise amoeba.Unavailable("summarizer", "gone")

    async def body(answer: Awaitable[Any]) -> str:
        return b"".join([each async for each in (await answer).body_iterator]).decode()

    said = "module summarizer is unavailable, try again later"
    assert asyncio.run(body(streams.events(items(), "sentence"))).endswith(
        f'event: error\ndata: "{said}"\n\n'
    )
    found = asyncio.run(body(streams.lines(items(), lambda each: {"item": each})))
    assert found == f'{{"item":"one"}}\n{{"error":"{said}"}}\n'


def test_a_text_is_triaged_without_the_white_space_around_it(desk):
    async def body(made: HttpDesk) -> None:
        answer = await made.http.post("/triage", json={"text": f"\n  {TEXT}\t"})
        assert (answer.status_code, answer.json()) == (200, TRIAGED)

    desk(body)


def test_a_batch_is_a_line_for_each_text(desk):
    async def body(made: HttpDesk) -> None:
        texts = [TEXT, "mortgage", "overdraft"]
        answer = await made.http.post("/triage/batch", json={"texts": texts})
        assert answer.headers["content-type"] == "application/x-ndjson"
        found = sorted(map(json.loads, answer.text.splitlines()), key=lambda line: line["index"])
        assert found[0] == {"index": 0} | TRIAGED
        assert [line["intent"] for line in found[1:]] == ["mortgage", "overdraft"]
        made.classifier.down = True
        down = await made.http.post("/triage/batch", json={"texts": ["a"]})
        assert down.json() == {"index": 0, "error": "module classifier is unavailable"}

    desk(body)


def test_the_api_is_documented_with_examples():
    api = gateway.api.openapi()
    assert set(api["paths"]) == {
        "/triage",
        "/triage/batch",
        "/tickets",
        "/tickets/{ticket_id}",
        "/tickets/{ticket_id}/messages",
        "/tickets/{ticket_id}/close",
        "/tickets/{ticket_id}/summary",
        "/customers/{customer_id}",
        "/admin/training",
        "/admin/training/{run_id}/progress",
    }
    opened = api["paths"]["/tickets"]["post"]["responses"]
    assert {"201", "409", "413", "422", "503", "504"} <= set(opened)
    example = opened["201"]["content"]["application/json"]["example"]
    named = {"id", "customer_id", "features", "created_at", *TRIAGED}
    assert named <= set(example)
    for entity in example["entities"]:
        assert EXAMPLE[entity["start"] : entity["end"]] == entity["text"]
    for name in ("NewText", "NewTexts", "NewMessage", "NextMessage", "NewRun"):
        assert api["components"]["schemas"][name]["examples"]


def test_a_model_that_raises_leaves_the_ticket_stored_and_says_so(desk):
    async def body(made: HttpDesk) -> None:
        made.classifier.error = ValueError("a bug")
        answer = await made.http.post("/tickets", json=POST)
        assert answer.status_code == 500
        found = answer.json()
        assert found["detail"] == "the ticket could not be read; it is stored"
        assert answer.headers["location"] == f"/tickets/{found['ticket']['id']}"
        assert (await made.http.get(answer.headers["location"])).json()["status"] == "pending"

    desk(body)


def test_a_closed_ticket_stays_closed_in_every_answer(desk):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        await made.http.post(f"{path}/close")
        made.summarizer.down = True
        note = {"text": "called back", "author": "agent"}
        answer = await made.http.post(f"{path}/messages", json=note)
        assert (answer.status_code, answer.json()["ticket"]["status"]) == (503, "closed")

    desk(body)


def test_a_stream_that_does_not_begin_before_the_deadline_is_504(desk, monkeypatch):
    async def body(made: HttpDesk) -> None:
        path = f"/tickets/{await made.opened('c1', TEXT)}"
        monkeypatch.setattr(streams, "DEADLINE_S", 0.05)
        made.summarizer.gate.clear()
        assert (await made.http.get(f"{path}/summary")).status_code == 504
        assert (await made.http.post("/triage/batch", json={"texts": ["x"]})).status_code == 504

    desk(body)


def test_a_stream_that_fails_says_no_more_than_that():
    async def items() -> AsyncIterator[str]:
        yield "one"
        raise ValueError("the customer's words")

    async def body() -> str:
        answer = await streams.events(items(), "sentence")
        return b"".join([each async for each in answer.body_iterator]).decode()

    assert asyncio.run(body()).endswith('event: error\ndata: "it could not be finished"\n\n')
