"""What `amoeba replay` shows to people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.evidence.payloads import Payload
    from amoeba.replay import Comparison, Outcome

_MOST_SHOWN = 2000


class RecordedLine(msgspec.Struct):
    """One recorded request in a list. `why_not` is empty when it can be replayed."""

    trace_id: str
    started_ns: int
    route: str
    path: str
    status: int
    redacted: list[str]
    why_not: str


def line_of(payload: Payload) -> RecordedLine:
    """What a list says of a request."""
    return RecordedLine(
        trace_id=payload.trace_id,
        started_ns=payload.start_ns,
        route=payload.route,
        path=payload.path,
        status=payload.status,
        redacted=payload.redacted,
        why_not=payload.why_not,
    )


def render_list(lines: Sequence[RecordedLine]) -> str:
    """Recorded requests as a table for people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=120, highlight=False)
    table = Table("trace", "when", "request", box=None)
    table.add_column("status", justify="right")
    table.add_column("replayable")
    for line in lines:
        table.add_row(
            line.trace_id[:12],
            _when(line.started_ns),
            line.route,
            str(line.status or "none"),
            f"no: {line.why_not}" if line.why_not else _yes(line),
        )
    with console.capture() as capture:
        console.print(table if lines else "no request is recorded yet")
    return capture.get()


def render_request(payload: Payload) -> str:
    """A request in a few words."""
    when = _when(payload.start_ns)
    return f"{payload.method} {payload.path} of {when} UTC (trace {payload.trace_id[:12]})"


def said_of_error(outcome: Outcome) -> str:
    """How the exception shown relates to the answer."""
    status = outcome.answer.status
    if outcome.error is None:
        return f"amoeba: the answer was {status}; this is what your code raised last before it"
    return f"amoeba: this left the application, which was answered with {status}"


def render_answers(payload: Payload, outcome: Outcome, found: Comparison) -> str:
    """The recorded and the replayed answer, compared."""
    status = outcome.answer.status
    same = "the same" if found.same_status else "not the same"
    lines = [f"status: recorded {payload.status or 'none'}, replayed {status or 'none'}: {same}"]
    if not found.known:
        lines.append("body: the recorded one was not kept")
    elif found.difference:
        more = f" ({found.differences} places differ)" if found.differences > 1 else ""
        lines.append(f"body: differs at {found.difference}{more}")
    else:
        part = "" if payload.answer.state == "whole" else ", as far as it is recorded"
        lines.append(f"body: the same{part}")
    body = outcome.answer.decoded
    lines += ["", _text(body)] if body else []
    return "\n".join(lines) + "\n"


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"{len(body)} bytes that are no text"
    more = f"… ({len(text)} characters)" if len(text) > _MOST_SHOWN else ""
    return text[:_MOST_SHOWN].rstrip("\n") + more


def _yes(line: RecordedLine) -> str:
    return f"yes, redacted: {', '.join(line.redacted)}" if line.redacted else "yes"


def _when(start_ns: int) -> str:
    return f"{datetime.fromtimestamp(start_ns / 1e9, UTC):%d %b %H:%M:%S}"
