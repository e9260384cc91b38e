"""A crash costs what it must: no message is lost or doubled, and nothing else fails.

Under load, the process of each module is killed with -9 in turn. Whoever posts a message keeps its
`Idempotency-Key` and sends it again until it is told where the message is stored, as a careful
client does.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from harness import Answer, Run, fetch, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
LOST = (OSError, TimeoutError, HTTPException)  # what a client sees of a gateway that is killed
TEXTS = [
    "I was charged twice for my lunch on 3 May, £12.50 each time.",
    "My card was stolen last night near Harrow & Pike",
    "How do I open a savings account?",
]
NEEDS = {
    "POST /triage": {"tickets", "classifier", "extractor", "summarizer"},
    "GET /tickets/ID": {"tickets"},
    "GET /tickets/ID/summary": {"tickets", "summarizer"},
    "GET /customers/ID": {"tickets", "features"},
    "GET /admin/training": {"training"},
    "GET /": set(),
    "GET /docs": set(),
}
"""Which modules each endpoint needs besides the gateway; `POST /tickets` needs most of them."""

KILLED = ["classifier", "extractor", "summarizer", "features", "training", "tickets", "gateway"]
ENOUGH = 15  # answers of each endpoint and stored messages, before and after each kill


class Load:
    """Clients that go on until they are told to stop, and what they saw."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self.posted: dict[str, str] = {}  # ticket ids by key
        self.seen: Counter[tuple[str, Any]] = Counter()
        first = fetch(f"{run.url}/tickets", data={"customer_id": "first", "text": TEXTS[0]})
        self._ticket = str(first.json()["id"])
        self._threads = [threading.Thread(target=self._post) for _ in range(2)]
        self._threads += [threading.Thread(target=self._ask, args=(each,)) for each in NEEDS]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def goes_on(self, but: set[str]) -> None:
        """Wait for more of everything that does not stand in `but`."""
        before = self.seen.copy(), len(self.posted)

        def enough() -> bool:
            asked = all(
                self.seen[name, 200] - before[0][name, 200] >= ENOUGH
                for name in NEEDS
                if name not in but
            )
            return asked and len(self.posted) - before[1] >= ENOUGH

        wait_for(enough, "more answers")

    def _post(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            key = f"key-{number}"
            body = {"customer_id": f"c-{number % 5}", "text": TEXTS[number % len(TEXTS)]}
            while not self._stored(key, body):
                pass

    def _stored(self, key: str, body: dict[str, str]) -> bool:
        try:
            answer = fetch(f"{self._run.url}/tickets", body, headers={"idempotency-key": key})
        except LOST:
            self.seen["POST /tickets", "lost"] += 1
            return False
        self.seen["POST /tickets", answer.status] += 1
        ticket = answer.json() if answer.status == 201 else answer.json().get("ticket")
        if ticket is not None:
            self.posted[key] = ticket["id"]
        return ticket is not None

    def _ask(self, name: str) -> None:
        while not self._stop.is_set():
            self.seen[name, self._status(name)] += 1

    def _status(self, name: str) -> int | str:
        try:
            answer = self._asked(name)
        except LOST:
            return "lost"
        if b"event: error" in answer.body:
            return "broken off"
        return answer.status

    def _asked(self, name: str) -> Answer:
        path = name.partition(" ")[2]
        if path.startswith("/tickets"):
            path = path.replace("ID", self._ticket)
        data = {"text": TEXTS[1]} if name.startswith("POST") else None
        headers = {"authorization": "Bearer sesame"}
        return fetch(f"{self._run.url}{path.replace('ID', 'first')}", data, headers=headers)


@pytest.fixture
def desk(corpus_models: Path, tmp_path: Path) -> Iterator[tuple[Run, Path]]:
    environment = {
        "SUPPORT_DESK_MODELS": str(corpus_models),
        "SUPPORT_DESK_ADMIN_TOKEN": "sesame",
        "AMOEBA_TICKETS__DATABASE": f"sqlite:///{tmp_path}/tickets.db",
        "AMOEBA_FEATURES__DATABASE": f"sqlite:///{tmp_path}/features.db",
    }
    with Run(ROOT, "--topology", "services", "--isolated", env=environment).ready() as run:
        yield run, tmp_path


def process_of(module: str) -> str:
    return "main" if module == "gateway" else module


def replica(run: Run, module: str) -> dict[str, Any]:
    return next(r for r in run.replicas() if r["process"] == process_of(module))


@pytest.mark.acceptance
def test_each_module_is_killed_under_load_and_no_message_is_lost(desk):
    run, folder = desk
    with Load(run) as load:
        load.goes_on(but=set())
        for module in KILLED:
            kill_and_check(run, load, module)
    assert_stored_once_and_read(folder, load.posted)
    assert load.seen["POST /tickets", 503] > 0


def kill_and_check(run: Run, load: Load, module: str) -> None:
    """Kill a module's process; what does not need it must not notice."""
    spared = [n for n, needs in NEEDS.items() if module != "gateway" and module not in needs]
    before = load.seen.copy()
    old = replica(run, module)["pid"]
    os.kill(old, signal.SIGKILL)

    def back() -> bool:
        found = replica(run, module)
        return bool(found["pid"] != old and found["state"] == "ready")

    wait_for(back, f"{module} to be back")
    load.goes_on(but=set())
    new = load.seen - before
    hurt = {(n, s): count for (n, s), count in new.items() if n in spared and s != 200}
    assert hurt == {}, f"{module} was killed: {hurt}"


def assert_stored_once_and_read(folder: Path, posted: dict[str, str]) -> None:
    """Every message that was posted is one ticket, and every ticket ends enriched."""

    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(folder / "tickets.db")) as connection:
            return connection.execute(query).fetchall()

    assert len(posted) > ENOUGH * len(KILLED)
    stored = Counter(key for (key,) in rows("SELECT key FROM messages WHERE key LIKE 'key-%'"))
    assert stored == Counter(posted.keys())
    assert dict(rows("SELECT key, ticket_id FROM messages WHERE key LIKE 'key-%'")) == posted
    assert rows("SELECT count(*) FROM tickets") == [(len(posted) + 1,)]
    wait_for(lambda: rows("SELECT count(*) FROM tickets WHERE pending") == [(0,)], "all read")
    assert rows("SELECT count(*) FROM tickets WHERE intent IS NULL OR features IS NULL") == [(0,)]
    wait_for(lambda: rows("SELECT count(*) FROM outbox") == [(0,)], "all told")
    with closing(sqlite3.connect(folder / "features.db")) as connection:
        kinds = dict(
            connection.execute(
                "SELECT kind, count(*) FROM customer_events GROUP BY kind"
            ).fetchall()
        )
    assert kinds == dict.fromkeys(
        ("ticket_opened", "message_received", "intent_recognised"), len(posted) + 1
    )
