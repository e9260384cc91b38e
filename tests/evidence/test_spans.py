"""A trace's identity goes by the W3C's rules, and waiting is what is left of a span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.evidence import ActiveSpan, Edge
from amoeba.evidence.budget import NEVER, next_sample_ns
from amoeba.evidence.spans import parse

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("03", True)])
def test_a_traceparent_is_read(flags: str, sampled: bool) -> None:
    assert parse(f"00-{TRACE}-{PARENT}-{flags}") == (TRACE, PARENT, sampled)


def test_a_later_version_with_more_fields_is_read_as_far_as_it_is_known() -> None:
    assert parse(f"01-{TRACE}-{PARENT}-01-more") == (TRACE, PARENT, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        f"00-{TRACE}-{PARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{PARENT}-01",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00-{TRACE[:10]}_{TRACE[11:]}-{PARENT}-01",
        f"00-\n{TRACE[1:]}-{PARENT}-01",
        f"00-+{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_what_is_no_traceparent_is_none(text: str) -> None:
    assert parse(text) is None


@given(st.text())
def test_any_text_is_parsed_or_not(text: str) -> None:
    parse(text)


def test_a_span_continues_a_trace_from_elsewhere() -> None:
    span = ActiveSpan(Edge("http", "gateway", "GET /"), "server", None, kept=True)
    own = span.trace_id
    span.continues("nonsense")
    assert (span.trace_id, span.parent_id) == (own, "")
    span.continues(f"00-{TRACE}-{PARENT}-01")
    assert (span.trace_id, span.parent_id) == (TRACE, PARENT)
    assert parse(span.traceparent) == (TRACE, span.span_id, True)


def test_a_child_belongs_to_its_parents_trace() -> None:
    parent = ActiveSpan(Edge("http", "gateway", "GET /"), "server", None, kept=False)
    child = ActiveSpan(Edge("gateway", "tickets", "open"), "internal", parent, kept=True)
    assert (child.trace_id, child.parent_id) == (parent.trace_id, parent.span_id)
    assert child.kept is False


def test_waiting_is_without_computing_and_without_what_others_do() -> None:
    span = ActiveSpan(Edge("gateway", "tickets", "open"), "internal", None, kept=True)
    span.started -= 1_000_000_000
    begun = span.started
    span.cpu_ns = 100_000_000
    second = 1_000_000_000
    span.children += [(begun, begun + second // 4), (begun + second // 5, begun + second // 2)]
    waited = span.finished().wait_ns
    assert 400_000_000 <= waited < 420_000_000


def test_the_next_sample_is_put_off_in_proportion_to_what_one_cost() -> None:
    cheap = [next_sample_ns(0, 1000) for _ in range(200)]
    dear = [next_sample_ns(0, 50_000_000) for _ in range(200)]
    assert min(cheap) >= 50_000_000
    assert max(cheap) <= 150_000_000
    assert min(dear) >= 2_500_000_000
    assert len(set(cheap)) > 100
    assert max(dear) < NEVER
