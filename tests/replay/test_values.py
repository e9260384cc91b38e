"""What was redacted can be given again, and what is asked wrongly is refused."""

from __future__ import annotations

from typing import Any

import pytest
from payload_records import recorded

from amoeba.app import read_application
from amoeba.errors import ConfigurationError
from amoeba.evidence.payloads import HIDDEN, Body, Payload
from amoeba.replay import Debugger, find, missing, read_value, with_values
from amoeba.replay.finding import NotReplayable

FORM = [(b"content-type", b"application/x-www-form-urlencoded")]


def given(payload: Payload, *settings: str) -> Payload:
    return with_values(payload, [read_value(each) for each in settings])


@pytest.mark.parametrize(
    ("setting", "body"),
    [
        ("$.a=x", b'{"a":"x","b":[{"c":1}]}'),
        ("$.a=5", b'{"a":5,"b":[{"c":1}]}'),
        ('$.a="5"', b'{"a":"5","b":[{"c":1}]}'),
        ("$.b[0].c=x=y", b'{"a":"[redacted]","b":[{"c":"x=y"}]}'),
        ("$..c=null", b'{"a":"[redacted]","b":[{"c":null}]}'),
    ],
)
def test_a_field_of_the_body_takes_json_or_text(setting, body):
    before = recorded(
        body=b'{"a":"[redacted]","b":[{"c":1}]}',
        headers=[(b"Content-Length", b"99"), (b"x", b"y")],
    )
    found = given(before, setting)
    assert found.body.data == body
    assert found.headers == [(b"x", b"y"), (b"content-length", b"%d" % len(body))]


def test_headers_query_parameters_and_fields_of_forms_take_text():
    before = recorded(
        body=b"a=%5Bredacted%5D&b=1",
        query=b"token=%5Bredacted%5D&page=1",
        headers=[*FORM, (b"Authorization", b"[redacted]")],
    )
    found = given(before, "header:authorization=Bearer x", "query:token=t=1", "$.a=5")
    assert dict(found.headers)[b"authorization"] == b"Bearer x"
    assert (found.query, found.body.data) == (b"token=t%3D1&page=1", b"a=5&b=1")


def test_what_is_not_given_is_missing():
    before = recorded(redacted=["$.a", "header:cookie", "query:token"])
    assert missing(before, [read_value("Header:Cookie=x".lower()), read_value("$.a=1")]) == [
        "query:token"
    ]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("customer=1", "--set: 'customer' names no place"),
        ("$.a", "--set: '$.a' names no place"),
        ("$=1", "--set: '$' names no place"),
        ("$.b=1", "the request's body has no $.b\n  hint: redacted in it: $.a"),
    ],
)
def test_a_value_for_nothing_is_refused(setting, said):
    with pytest.raises(ConfigurationError) as caught:
        given(recorded(body=b'{"a": 1}', redacted=["$.a"]), setting)
    assert said in str(caught.value)


@pytest.fixture
def application(till) -> Any:
    return read_application(till.folder / "amoeba.toml")


@pytest.mark.parametrize(
    ("stop_at", "said"),
    [
        ("price.x", "did you mean 'prices'?"),
        ("prices", "names no method of a module"),
    ],
)
def test_a_stop_at_nothing_is_refused(application, stop_at, said):
    with pytest.raises(ConfigurationError, match="--break") as caught:
        Debugger(application, interactive=True, stop_at=stop_at)
    assert said in str(caught.value)


def test_a_beginning_that_several_traces_share_is_not_enough(application):
    two = [recorded(number, trace_id="ab" + f"{number:030x}") for number in (1, 2)]
    with pytest.raises(NotReplayable, match="2 recorded traces begin with 'ab'"):
        find(application, two, "ab")
    assert find(application, two, two[1].trace_id.upper()) is two[1]


def test_of_several_requests_of_one_trace_the_newest_is_found(application):
    newest_first = [recorded(2, trace_id="a" * 32), recorded(1, trace_id="a" * 32)]
    assert find(application, newest_first, "a") is newest_first[0]


def test_what_was_not_kept_cannot_be_replayed(application):
    hidden = recorded(1, trace_id="a" * 32)
    hidden.body = Body(b"", HIDDEN)
    with pytest.raises(NotReplayable, match="cannot be replayed: its body was left out"):
        find(application, [hidden], "a")
