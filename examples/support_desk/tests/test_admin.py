"""Whoever runs the desk trains models behind a token."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
from desk_gateway import HttpDesk, run_gateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a test's body against the gateway."""
    return functools.partial(run_gateway, tmp_path, monkeypatch)


TOKEN = {"authorization": "Bearer sesame"}


def test_without_a_token_in_the_environment_nobody_gets_in(desk, monkeypatch):
    monkeypatch.delenv("SUPPORT_DESK_ADMIN_TOKEN", raising=False)

    async def body(made: HttpDesk) -> None:
        answer = await made.http.get("/admin/training", headers={"authorization": "Bearer "})
        assert answer.status_code == 403
        assert answer.json() == {"detail": "set SUPPORT_DESK_ADMIN_TOKEN where the gateway runs"}

    desk(body)


@pytest.mark.parametrize("given", [None, "Bearer open", "Bearer ", "Basic sesame", "sesame"])
def test_a_wrong_token_is_401(desk, monkeypatch, given):
    monkeypatch.setenv("SUPPORT_DESK_ADMIN_TOKEN", "sesame")

    async def body(made: HttpDesk) -> None:
        headers = {"authorization": given} if given else {}
        for method, path in (
            ("GET", "/admin/training"),
            ("POST", "/admin/training"),
            ("GET", "/admin/training/r1/progress"),
        ):
            answer = await made.http.request(method, path, headers=headers, json={"seed": 1})
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")

    desk(body)


def test_training_is_started_listed_and_watched(desk, monkeypatch):
    monkeypatch.setenv("SUPPORT_DESK_ADMIN_TOKEN", "sesame")

    async def body(made: HttpDesk) -> None:
        http = made.http
        started = await http.post("/admin/training", headers=TOKEN, json={"seed": 7})
        assert started.status_code == 202
        assert (started.json()["id"], started.json()["seed"]) == ("r1", 7)
        busy = await http.post("/admin/training", headers=TOKEN, json={})
        assert (busy.status_code, busy.json()) == (409, {"detail": "run r1 is still going on"})
        listed = await http.get("/admin/training", headers=TOKEN)
        assert [run["id"] for run in listed.json()] == ["r1"]
        watched = await http.get(started.headers["location"], headers=TOKEN)
        kinds = [line for line in watched.text.splitlines() if line.startswith("event: ")]
        assert kinds == ["event: run", "event: run", "event: end"]
        assert '"state": "succeeded"' in watched.text
        missing = await http.get("/admin/training/no/progress", headers=TOKEN)
        assert (missing.status_code, missing.json()) == (404, {"detail": "there is no run 'no'"})

    desk(body)


def test_a_token_in_another_script_is_only_wrong(desk, monkeypatch):
    monkeypatch.setenv("SUPPORT_DESK_ADMIN_TOKEN", "sésame")

    async def body(made: HttpDesk) -> None:
        answer = await made.http.get("/admin/training", headers=TOKEN)
        assert answer.status_code == 401

    desk(body)
