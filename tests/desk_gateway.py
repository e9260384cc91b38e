"""The support desk's gateway under test: real tickets over stand-ins for the models, by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from desk_fakes import running

from amoeba.runtime.gateway import ErrorEdge

if TYPE_CHECKING:
    import pytest
    from support_desk.training import Run


class FakeTraining:
    """One run, which is there after it was started."""

    def __init__(self) -> None:
        self.started: list[int] = []

    def _run(self, state: str = "running") -> Run:
        from support_desk.training import Run, RunState

        now = datetime(2026, 5, 4, tzinfo=UTC)
        return Run("r1", RunState(state), self.started[0], now, "fitting", 1, 4)

    async def start(self, seed: int) -> Run:
        from support_desk.training import TrainingBusy

        if self.started:
            raise TrainingBusy("r1")
        self.started.append(seed)
        return self._run()

    async def runs(self) -> tuple[Run, ...]:
        return (self._run(),) if self.started else ()

    async def watch(self, run_id: str) -> AsyncIterator[Run]:
        from support_desk.training import RunNotFound

        if run_id != "r1":
            raise RunNotFound(run_id)
        yield self._run()
        yield self._run("succeeded")


class HttpDesk:
    """The gateway, and what stands behind it."""

    def __init__(self, client: httpx.AsyncClient, made: Any) -> None:
        self.http, self.service = client, made.service
        self.classifier, self.extractor = made.classifier, made.extractor
        self.summarizer, self.features = made.summarizer, made.features

    async def opened(self, customer_id: str, text: str) -> str:
        answer = await self.http.post("/tickets", json={"customer_id": customer_id, "text": text})
        assert answer.status_code == 201
        return str(answer.json()["id"])


def run_gateway(
    folder: Path, monkeypatch: pytest.MonkeyPatch, body: Callable[[HttpDesk], Awaitable[Any]]
) -> Any:
    """Run a test's body against the gateway, with an empty database in `folder`."""
    from support_desk import gateway
    from support_desk.gateway import pages, tickets, training, triage

    @asynccontextmanager
    async def serving() -> AsyncIterator[HttpDesk]:
        async with running(f"sqlite:///{folder}/desk.db") as made:
            for part in (tickets, triage, pages):
                monkeypatch.setattr(part, "tickets", made.service)
            monkeypatch.setattr(training, "training", FakeTraining())
            transport = httpx.ASGITransport(ErrorEdge(gateway.api))
            async with httpx.AsyncClient(transport=transport, base_url="http://d") as client:
                yield HttpDesk(client, made)

    async def bounded() -> Any:
        async with asyncio.timeout(30), serving() as made:
            return await body(made)

    return asyncio.run(bounded())
