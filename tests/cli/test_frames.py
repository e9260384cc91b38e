"""A picture of `amoeba top` fits its terminal, and counts what it leaves out."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_status import edge, seen

from amoeba.cli.frames import Frame, render_frame
from amoeba.evidence.rates import rates_of
from amoeba.evidence.records import Interval

NOW_S = 1_700_000_000.0


def frame(edges: int = 0, other_runs: int = 0) -> Frame:
    status = seen(NOW_S)
    assert status.lately is not None
    lately = status.lately
    if edges:
        many = [edge("a", "b", f"m{number:02}", number, 1) for number in range(1, edges + 1)]
        lately = msgspec.structs.replace(lately, edges=many)
    return Frame(
        NOW_S,
        status.application,
        status.topology,
        status.pid,
        7300.0,
        status.url,
        other_runs,
        {"training": "it crashed five times"},
        status.replicas,
        rates_of(lately),
    )


@pytest.mark.parametrize("width", [80, 140])
def test_a_picture_has_replicas_and_edges_the_busiest_first(width):
    text = "\n".join(render_frame(frame(other_runs=1), width)) + "\n"
    assert text == (Path(__file__).parent / "golden" / f"top_{width}.txt").read_text()


@pytest.mark.parametrize("height", [15, 20, 40])
def test_what_does_not_fit_is_counted(height):
    lines = render_frame(frame(edges=60), 100, height)
    assert len(lines) in (height - 1, height)
    shown = [line for line in lines if line.startswith("a → b.m")]
    assert shown[0].startswith("a → b.m60")
    assert lines[-1] == f"and {60 - len(shown)} less busy edges"


def test_replicas_get_half_of_the_room_when_there_are_many():
    many = frame(edges=40)
    many.replicas = [
        msgspec.structs.replace(many.replicas[0], replica=f"main.{n}") for n in range(30)
    ]
    lines = render_frame(many, 100, 30)
    replicas = sum(line.startswith("main.") for line in lines)
    edges = sum(line.startswith("a → b.") for line in lines)
    assert replicas == pytest.approx(edges, abs=1)
    assert f"and {30 - replicas} less busy replicas" in lines


@settings(max_examples=60, deadline=None)
@given(st.integers(60, 200), st.integers(1, 60), st.integers(0, 60))
def test_a_picture_is_never_larger_than_its_terminal(width, height, edges):
    lines = render_frame(frame(edges), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width


def test_an_application_that_nobody_calls_says_so():
    idle = frame()
    idle.rates = rates_of(Interval(0.0, 5.0))
    assert render_frame(idle, 80)[-1] == "nothing was called in the last 5.0 s"
