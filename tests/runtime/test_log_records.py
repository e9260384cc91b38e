"""Log records name the trace and the span that they were made for."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from amoeba.evidence import ActiveSpan, Edge, Recorder
from amoeba.runtime.carrying import carried
from amoeba.runtime.deadlines import Scope, enter_scope, leave_scope
from amoeba.runtime.log_lines import uvicorn_logging
from amoeba.runtime.log_records import TracedFormatter, TraceRecords
from amoeba.runtime.tracing import trace_context

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
LOG = logging.getLogger("tests.log_records")


@pytest.fixture
def span() -> Iterator[ActiveSpan]:
    """A call that is looked at and that the test works for."""
    found = ActiveSpan(Edge("http", "gateway", "GET /", Recorder()), "server", None, kept=True)
    token = enter_scope(Scope(span=found))
    yield found
    leave_scope(token)


@pytest.fixture
def in_trace() -> Iterator[None]:
    """A request that came with a trace that nobody looks at."""
    token = trace_context.set(f"00-{TRACE}-{PARENT}-00")
    yield
    trace_context.reset(token)


def record(make: Callable[..., logging.LogRecord], text: str = "hello") -> logging.LogRecord:
    return make("app", logging.INFO, __file__, 1, text, (), None)


def noted(found: logging.LogRecord) -> tuple[Any, ...]:
    fields = vars(found)
    return fields["otelTraceID"], fields["otelSpanID"], fields["otelTraceSampled"]


RECORDS = TraceRecords("shop", logging.LogRecord)


def test_a_record_has_the_ids_of_the_call_that_is_looked_at(span: ActiveSpan):
    assert noted(record(RECORDS)) == (span.trace_id, span.span_id, True)


def test_a_record_has_the_ids_that_a_request_came_with(in_trace: None):
    assert noted(record(RECORDS)) == (TRACE, PARENT, False)


def test_a_record_of_no_trace_says_so():
    assert noted(record(RECORDS)) == ("0", "0", False)
    assert vars(record(RECORDS))["otelServiceName"] == "shop"


def test_a_call_that_has_ended_is_not_named_by_what_outlives_it(span: ActiveSpan):
    scope = Scope(span=span)
    token = enter_scope(scope)
    scope.active = False
    assert carried() is None
    leave_scope(token)


def test_what_a_factory_inside_has_found_is_kept():
    def inner(*args: Any) -> logging.LogRecord:
        made = logging.LogRecord(*args)
        made.__dict__.update(otelTraceID="a" * 32, otelSpanID="b" * 16, otelTraceSampled=True)
        made.__dict__.update(otelServiceName="mine", tenant="x")
        return made

    found = record(TraceRecords("shop", inner))
    assert noted(found) == ("a" * 32, "b" * 16, True)
    assert (vars(found)["otelServiceName"], vars(found)["tenant"]) == ("mine", "x")


def test_a_line_ends_with_its_trace_before_any_traceback(span: ActiveSpan):
    made = record(RECORDS)
    try:
        raise KeyError("tea")
    except KeyError as error:
        made.exc_info = (type(error), error, None)
    lines = TracedFormatter().format(made).splitlines()
    assert lines == [f"hello trace={span.trace_id}", "KeyError: 'tea'"]


def test_a_line_of_no_trace_is_as_it_was():
    assert TracedFormatter().format(record(RECORDS)) == "hello"
    assert TracedFormatter().format(record(logging.LogRecord)) == "hello"


ACCESS = '1.2.3.4:5 - "GET / HTTP/1.1" 200'


@pytest.mark.parametrize(
    ("logger", "text", "args", "line"),
    [
        ("default", "hello", (), "INFO:     hello trace={}"),
        (
            "access",
            '%s - "%s %s HTTP/%s" %d',
            ("1.2.3.4:5", "GET", "/", "1.1", 200),
            f"INFO:     {ACCESS} OK trace={{}}",
        ),
    ],
)
def test_uvicorns_lines_end_with_it_too(
    span: ActiveSpan, logger: str, text: str, args: tuple[Any, ...], line: str
):
    formatter = uvicorn_logging()["formatters"][logger]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter["()"](formatter["fmt"], use_colors=False))
    handler.handle(RECORDS("uvicorn", logging.INFO, __file__, 1, text, args, None))
    assert stream.getvalue() == line.format(span.trace_id) + "\n"
