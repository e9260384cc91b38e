"""The debugger as a user meets it, in a terminal."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Self

import pytest
from harness import AMOEBA, TIMEOUT_S

from amoeba.app import read_application
from amoeba.replay import Debugger

PROMPT = "(Pdb) "


class Terminal:
    """A command in a pseudo-terminal: what it shows, and what one types."""

    def __init__(self, *args: str, cwd: object) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self._seen = 0
        environment = os.environ | {"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [*AMOEBA, *args], cwd=str(cwd), env=environment,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(TIMEOUT_S)
        os.close(self._ours)

    def wait_for(self, text: str) -> str:
        """What is shown until `text` is, from where the last wait ended."""
        until = time.monotonic() + TIMEOUT_S
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < until, self.shown
            assert self._read(1.0), self.shown
        found = self.shown.index(text, self._seen) + len(text)
        new, self._seen = self.shown[self._seen : found], found
        return new

    def type(self, line: str) -> None:
        os.write(self._ours, f"{line}\n".encode())

    def exit_code(self) -> int:
        while self._read(TIMEOUT_S):
            pass
        return self.process.wait(TIMEOUT_S)

    def _read(self, timeout_s: float) -> bool:
        """Read some more; False at the end."""
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self._ours, 65536)
        except OSError:
            return False
        self.shown += data.decode().replace("\r", "")
        return bool(data)


@pytest.fixture
def terminal(till) -> Iterator[type]:
    def replay(name: str, *args: str) -> Terminal:
        return Terminal("replay", till.traces[name], *args, cwd=till.folder)

    return replay


def test_it_stops_where_the_users_code_raised(terminal):
    with terminal("failed") as screen:
        assert "what the application writes, it writes again" in screen.wait_for("[y/N]: ")
        screen.type("y")
        shown = screen.wait_for(PROMPT)
        assert "OutOfStock: 9 tea" in shown
        assert re.search(r"> \S+/till/prices_here\.py\(\d+\)price\(\)", shown)
        assert '-> raise OutOfStock(f"{count} {item}")' in shown
        screen.type("p (item, in_stock)")
        assert "('tea', 3)" in screen.wait_for(PROMPT)
        screen.type("u")
        shown = screen.wait_for(PROMPT)
        assert re.search(r"> \S+/till/web\.py\(\d+\)buy\(\)", shown)
        assert "-> price = await prices.price(order.item, order.count)" in shown
        screen.type("q")
        screen.wait_for("status: recorded 500, replayed 500: the same")
        assert screen.exit_code() == 1


def test_it_stops_at_a_method_and_runs_on(terminal):
    with terminal("bought", "--yes", "--break", "prices.price") as screen:
        shown = screen.wait_for(PROMPT)
        assert re.search(r"> \S+/till/prices_here\.py\(\d+\)price\(\)", shown)
        assert '-> in_stock = {"tea": 3}.get(item, 0)' in shown
        screen.type("w")
        shown = screen.wait_for(PROMPT)
        assert "site-packages" not in shown
        assert "/till/web.py" in shown
        screen.type("n")
        assert "-> if count > in_stock:" in screen.wait_for(PROMPT)
        screen.type("c")
        screen.wait_for("status: recorded 200, replayed 200: the same")
        assert screen.exit_code() in (0, 1)


def test_it_stops_in_a_worker_thread_too(terminal):
    with terminal("weighed", "--break", "prices.weigh") as screen:
        assert "-> return int(item)" in screen.wait_for(PROMPT)
        screen.type("q")
        screen.wait_for("left in the debugger: the request was not answered")
        assert screen.exit_code() == 1


def test_nothing_is_made_without_a_yes(terminal, till):
    with terminal("noted") as screen:
        screen.wait_for("[y/N]: ")
        before = (till.folder / "notes.txt").read_text()
        screen.type("n")
        assert screen.exit_code() == 1
        assert (till.folder / "notes.txt").read_text() == before
        assert "Traceback" not in screen.shown


def test_a_method_that_is_not_called_is_told(terminal):
    with terminal("bought", "--yes", "--break", "prices.note") as screen:
        screen.wait_for("prices.note was not called")
        screen.exit_code()


def test_below_the_applications_own_frame_a_library_can_be_entered(tmp_path, monkeypatch, capsys):
    (tmp_path / "amoeba.toml").write_text('[app]\ngateway = "reading_shop:api"\n')
    (tmp_path / "reading_shop.py").write_text("import json\n\ndef read():\n    json.loads('{')\n")
    monkeypatch.syspath_prepend(tmp_path)
    application = read_application(tmp_path / "amoeba.toml")
    with pytest.raises(ValueError, match="Expecting") as caught:
        importlib.import_module("reading_shop").read()
    monkeypatch.setattr("sys.stdin", io.StringIO("d\nq\n"))
    Debugger(application, interactive=True).look_at(caught.value)
    first, _, rest = capsys.readouterr().out.partition("(Pdb)")
    assert "-> json.loads('{')" in first
    assert "json/__init__.py" in rest


SHOP = """
def decorated(function):
    return function

class Shop:
    @decorated
    def price(self, item):
        found = len(item)
        return found

    async def wait(self, item):
        import asyncio
        await asyncio.sleep(0)
        return item
"""


@pytest.mark.parametrize(
    ("method", "line"), [("price", "-> found = len(item)"), ("wait", "-> import asyncio")]
)
def test_it_stops_at_every_call(tmp_path, monkeypatch, capsys, method, line):
    (tmp_path / "stopped_shop.py").write_text(SHOP)
    (tmp_path / "amoeba.toml").write_text(
        '[app]\n[modules.shop]\nimplementation = "stopped_shop:Shop"\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "stopped_shop", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("p item\nc\np item\nc\n"))
    application = read_application(tmp_path / "amoeba.toml")
    debugger = Debugger(application, interactive=True, stop_at=f"shop.{method}")
    shop: Any = sys.modules["stopped_shop"].Shop()
    with debugger.armed():
        for item in ("tea", "coffee"):
            answer = getattr(shop, method)(item)
            if inspect.iscoroutine(answer):
                asyncio.run(answer)
    shown = capsys.readouterr().out
    assert shown.count(line) == 2
    assert shown.index("'tea'") < shown.index("'coffee'")
    assert debugger.reached
    assert not debugger.left
