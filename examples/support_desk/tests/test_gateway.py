"""The HTTP edge takes well-formed messages and says what is wrong with others."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from support_desk import gateway
from support_desk.tickets import Priority, Queue, Triage


class Recorded:
    """A fake of `tickets` that remembers what it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def triage(self, text: str) -> Triage:
        self.texts.append(text)
        return Triage("branch_info", 0.5, (), "", Priority.LOW, Queue.GENERAL)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    fake = Recorded()
    monkeypatch.setattr(gateway, "tickets", fake)
    return fake


def post(content: bytes | str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(gateway.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.post(
                "/triage", content=content, headers={"content-type": "application/json"}
            )

    return asyncio.run(send())


def test_a_message_is_triaged_without_the_white_space_around_it(asked: Recorded) -> None:
    answer = post(json.dumps({"text": "\n  Are you open?\t"}))
    assert answer.status_code == 200
    assert answer.json() == {
        "intent": "branch_info",
        "confidence": 0.5,
        "entities": [],
        "summary": "",
        "priority": "low",
        "queue": "general",
    }
    assert asked.texts == ["Are you open?"]


def test_the_longest_message_is_measured_without_white_space(asked: Recorded) -> None:
    assert post(json.dumps({"text": " " + "x" * 5000 + " "})).status_code == 200
    assert asked.texts == ["x" * 5000]


@pytest.mark.parametrize(
    "body",
    [
        '{"text": ""}',
        '{"text": "  \\n "}',
        json.dumps({"text": "x" * 5001}),
        "{}",
        '{"text": 5}',
        '{"text": null}',
        '{"text": NaN}',
        '{"text": "half a character: \\ud800"}',
        "[]",
        "not JSON",
        "",
    ],
)
def test_anything_else_is_unprocessable(asked: Recorded, body: str) -> None:
    answer = post(body)
    assert answer.status_code == 422
    assert all(set(fault) == {"type", "loc", "msg"} for fault in answer.json()["detail"])
    assert asked.texts == []


def test_a_refusal_does_not_repeat_what_the_customer_wrote(asked: Recorded) -> None:
    answer = post(json.dumps({"text": "my password is swordfish " * 300}))
    assert answer.status_code == 422
    assert "swordfish" not in answer.text
    assert asked.texts == []


def test_the_api_is_documented_with_examples() -> None:
    api = gateway.api.openapi()
    answers = api["paths"]["/triage"]["post"]["responses"]
    assert set(answers) == {"200", "422", "503", "504"}
    assert set(answers["200"]["content"]["application/json"]["example"]) == {
        "intent",
        "confidence",
        "entities",
        "summary",
        "priority",
        "queue",
    }
    assert api["components"]["schemas"]["NewMessage"]["examples"] == [{"text": gateway.EXAMPLE}]


def test_the_deadline_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUPPORT_DESK_DEADLINE", raising=False)
    assert gateway.deadline_s() == 5
    monkeypatch.setenv("SUPPORT_DESK_DEADLINE", "0.25")
    assert gateway.deadline_s() == 0.25


@pytest.mark.parametrize("value", ["", "soon", "0", "-1", "nan", "inf"])
def test_a_deadline_that_is_no_time_is_an_error(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_DEADLINE", value)
    with pytest.raises(ValueError, match="SUPPORT_DESK_DEADLINE") as caught:
        gateway.deadline_s()
    assert str(caught.value) == (
        f"SUPPORT_DESK_DEADLINE is {value!r}\n"
        "  where: the environment of the gateway's process\n"
        "  expected: a positive number of seconds\n"
        "hint: SUPPORT_DESK_DEADLINE=5 amoeba run"
    )
