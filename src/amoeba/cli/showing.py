"""What `amoeba trace` shows: a list, a waterfall, or where the time of many requests goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import typer

from amoeba.cli.modules import by_module, render_by_module
from amoeba.cli.output import print_json
from amoeba.cli.tables import terminal_width
from amoeba.cli.traces import line_of, render_list, render_waterfall, spans_with_path
from amoeba.errors import AmoebaError
from amoeba.evidence.critical import critical_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence import Span
    from amoeba.evidence.store import Evidence

_LISTED, _ADDED_UP = 20, 1000


class UnknownTrace(AmoebaError):  # noqa: N818 - says what is the case
    """No trace is kept whose identifier begins so."""

    prefix: str

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        super().__init__(prefix)

    def __str__(self) -> str:
        return f"TRACE_ID: no trace begins with {self.prefix!r}\n  hint: amoeba trace"


class TraceChoice(NamedTuple):
    """Which traces, and what of them. No `limit`: as many as suit."""

    trace_id: str = ""
    route: str = ""
    slowest: bool = False
    by_module: bool = False
    limit: int | None = None


def show_traces(evidence: Evidence, choice: TraceChoice, *, json: bool) -> None:
    """Print what was chosen. Raises UnknownTrace or StoreError."""
    if choice.by_module:
        _show_by_module(evidence, choice, json=json)
    elif choice.trace_id:
        _show_waterfall(_spans(evidence, choice.trace_id), json=json)
    else:
        _show_list(evidence, choice, json=json)


def _show_list(evidence: Evidence, choice: TraceChoice, *, json: bool) -> None:
    listed = evidence.traces(choice.limit or _LISTED, choice.route or None, slowest=choice.slowest)
    lines = [line_of(each.first, evidence.trace(each.first.trace_id)) for each in listed]
    _show(lines, render_list(lines, terminal_width()), json=json)


def _show_waterfall(spans: Sequence[Span], *, json: bool) -> None:
    requests = critical_paths(spans)
    text = render_waterfall(requests, terminal_width())
    _show(list(spans_with_path(requests)), text, json=json)


def _show_by_module(evidence: Evidence, choice: TraceChoice, *, json: bool) -> None:
    if choice.trace_id:
        chosen = critical_paths(_spans(evidence, choice.trace_id))
    else:
        limit = choice.limit or _ADDED_UP
        listed = evidence.traces(limit, choice.route or None, slowest=choice.slowest)
        wanted = {each.first.span_id for each in listed}
        traces = dict.fromkeys(each.first.trace_id for each in listed)
        chosen = [
            request
            for trace_id in traces
            for request in critical_paths(evidence.trace(trace_id))
            if request.first.span_id in wanted
        ]
    found = by_module(chosen)
    _show(found, render_by_module(found, terminal_width()), json=json)


def _spans(evidence: Evidence, trace_id: str) -> list[Span]:
    spans = evidence.trace(trace_id)
    if not spans:
        raise UnknownTrace(trace_id)
    return spans


def _show(value: object, text: str, *, json: bool) -> None:
    print_json(value) if json else typer.echo(text, nl=False)
