"""`amoeba status` is one screen, and true."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from seen_status import EDGES, edge, seen

from amoeba.cli import status_text
from amoeba.cli.status_text import render_status, status_data

NOW_S = 1_700_000_000.0


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_text.time, "time", lambda: NOW_S)


@pytest.mark.parametrize("width", [80, 140])
def test_a_status_is_one_screen(width):
    text = render_status(seen(NOW_S), width)
    assert text == (Path(__file__).parent / "golden" / f"status_{width}.txt").read_text()
    assert max(map(len, text.splitlines())) <= width


def test_only_the_busiest_edges_are_shown():
    many = [edge("a", "b", f"m{number:02}", number, 1) for number in range(1, 31)]
    status = msgspec.structs.replace(seen(NOW_S), totals=many)
    lines = render_status(status, 140).splitlines()
    assert lines[-1] == "and 18 less busy ones: amoeba edges has all"
    assert lines[-13].startswith("a → b.m30")


def test_a_run_that_has_just_begun_has_no_rates():
    status = msgspec.structs.replace(seen(NOW_S), lately=None, totals=[])
    text = render_status(status, 140)
    assert "requests/s" not in text
    assert "edge" not in text


def test_data_has_rates_of_the_last_minutes():
    told = msgspec.to_builtins(status_data(seen(NOW_S)))
    assert told["began_s"] == NOW_S - 7300
    assert told["lately"]["requests_per_s"] == 30.8
    assert told["lately"]["width_s"] == 10
    assert told["lately"]["processes"]["models.0"]["cpus"] == 1.8
    assert next(each["method"] for each in told["lately"]["edges"]) == "classify"
    assert len(told["totals"]) == len(EDGES) + 1
