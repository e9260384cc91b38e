"""What is redacted is nowhere in what leaves the process; everything else is as it was."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from payload_records import recorded

from amoeba.app.payloads import read_place
from amoeba.evidence.payloads import CUT, HIDDEN, UNREAD, Body, Payload
from amoeba.evidence.redaction import redact, step_text

FORM = [(b"Content-Type", b"application/x-www-form-urlencoded; charset=utf-8")]
SECRET = "s3cr3t"


def payload(body: bytes = b"", **more: Any) -> Payload:
    return recorded(body=body, **more)


def redacted(found: Payload, *places: str) -> Payload:
    redact(found, [place for place in map(read_place, places) if place])
    return found


@pytest.mark.parametrize(
    ("path", "before", "after", "where"),
    [
        ("$.a", {"a": 1, "b": 2}, {"a": "[redacted]", "b": 2}, ["$.a"]),
        ("$.a.b", {"a": {"b": [1]}}, {"a": {"b": "[redacted]"}}, ["$.a.b"]),
        ("$.a[1]", {"a": [1, 2]}, {"a": [1, "[redacted]"]}, ["$.a[1]"]),
        ("$[*].n", [{"n": 1}, {}], [{"n": "[redacted]"}, {}], ["$[0].n"]),
        ("$..n", {"n": 1, "x": [{"n": 2}]}, None, ["$.n", "$.x[0].n"]),
        ("$..n.m", {"n": {"n": {"m": 1}}}, None, ["$.n.n.m"]),
        ('$["a b"]', {"a b": 1}, {"a b": "[redacted]"}, ['$["a b"]']),
        ("$.*", {"a": 1, "b": None}, {"a": "[redacted]", "b": "[redacted]"}, ["$.a", "$.b"]),
    ],
)
def test_json_loses_what_a_path_leads_to(path, before, after, where):
    found = redacted(payload(json.dumps(before).encode()), path)
    assert found.redacted == where
    if after is not None:
        assert json.loads(found.body.data) == after


def test_a_body_without_it_stays_byte_for_byte():
    body = b'{"a" :  1.50, "b": "\\u00e9"}'
    assert redacted(payload(body), "$.c", "$.a.b").body == Body(body)


def test_a_name_that_is_repeated_hides_nothing():
    for body in (b'{"x": {"key": "s3cr3t"}, "x": 1}', b'{"key": "s3cr3t", "key": 2}'):
        assert SECRET.encode() not in redacted(payload(body), "$..key").body.data


@pytest.mark.parametrize(
    "body",
    [
        Body(b"\x00\x01s3cr3t"),
        Body(b'{"key": "s3cr3', CUT),
        Body(b'{"key": "s3cr3', UNREAD),
        Body(b"[" * 100_000 + b'"s3cr3t"'),
        Body(b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\ns3cr3t\r\n--b--'),
    ],
    ids=["binary", "cut", "unread", "deep", "multipart"],
)
def test_a_body_in_which_it_cannot_be_found_is_left_out(body):
    found = redacted(payload(answer=body), "$.key")
    assert found.answer == Body(b"", HIDDEN)


def test_a_compressed_body_is_left_out_too():
    headers = [(b"content-encoding", b"gzip")]
    assert redacted(payload(b"{}", headers=headers), "$.key").body == Body(b"", HIDDEN)


def test_without_paths_into_bodies_any_body_is_kept():
    assert redacted(payload(b"\x00\xff"), "header:cookie").body == Body(b"\x00\xff")


def test_a_form_loses_its_field():
    found = redacted(payload(b"key=s3cr3t&b=%C3%A9&key=2&c=", headers=FORM), "$.key")
    assert found.body.data == b"key=%5Bredacted%5D&b=%C3%A9&key=%5Bredacted%5D&c="
    assert found.redacted == ["$.key"]


def test_headers_and_query_parameters_are_named():
    found = redacted(
        payload(
            query=b"token=s3cr3t&page=2",
            headers=[(b"Cookie", b"s3cr3t"), (b"x", b"1"), (b"referer", b"/a?token=s3cr3t#b")],
        ),
        "header:cookie",
        "query:token",
    )
    assert found.query == b"token=%5Bredacted%5D&page=2"
    mark = b"[redacted]"
    assert found.headers == [(b"Cookie", mark), (b"x", b"1"), (b"referer", mark)]
    assert found.redacted == ["query:token", "header:cookie", "header:referer"]
    assert SECRET.encode() not in msgspec.msgpack.encode(found)


def test_the_answer_is_redacted_as_the_request_is():
    found = redacted(payload(answer=Body(b'{"key": "s3cr3t"}')), "$.key")
    assert found.answer.data == b'{"key":"[redacted]"}'


def test_the_whole_body_can_be_left_out():
    assert redacted(payload(b'{"a": 1}'), "$").body == Body(b"", HIDDEN)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("key"), inner),
    max_leaves=20,
)


@given(values)
def test_nothing_below_a_name_at_any_depth_stays(value):
    def planted(inside: Any) -> Any:
        if isinstance(inside, dict):
            return {k: [SECRET] if k == "key" else planted(v) for k, v in inside.items()}
        return [planted(each) for each in inside] if isinstance(inside, list) else inside

    found = redacted(payload(json.dumps(planted(value)).encode()), "$..key")
    assert f'["{SECRET}"]'.encode() not in found.body.data


@given(st.text(min_size=1))
def test_a_step_is_written_as_it_is_read(name):
    place = read_place(f"${step_text(name)}")
    assert place is None or place.steps[0].key == name
    assert place is not None or '"' in name


def test_json_that_calls_itself_a_form_is_json():
    found = redacted(payload(b'{"key": "s3cr3t", "b": 1}', headers=FORM), "$.key")
    assert json.loads(found.body.data) == {"key": "[redacted]", "b": 1}


@pytest.mark.parametrize(
    "body", [b"data=%7B%22key%22%3A%22s3cr3t%22%7D", b'%5B"s3cr3t"%5D=1'], ids=["value", "name"]
)
def test_json_within_a_form_is_left_out(body):
    assert redacted(payload(body, headers=FORM), "$.key").body == Body(b"", HIDDEN)


def test_json_within_a_string_is_left_out():
    body = json.dumps({"inner": json.dumps({"key": SECRET})}).encode()
    assert redacted(payload(body), "$..key").body == Body(b"", HIDDEN)


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ({"body": b'{"key": "s3cr3t"}'}, ["$.key"]),
        ({"body": b'{"key": {"deep": ["s3cr3t"]}}'}, ["$.key"]),
        ({"query": b"token=s3cr3t"}, ["query:token"]),
        ({"headers": [(b"x-key", b"s3cr3t")]}, ["header:x-key"]),
    ],
    ids=["body", "deep", "query", "header"],
)
def test_an_answer_that_repeats_what_was_redacted_is_left_out(asked, places):
    refusal = Body(b'{"detail": [{"input": {"other": "s3cr3t"}}]}')
    found = redacted(payload(answer=refusal, **asked), *places)
    assert found.answer == Body(b"", HIDDEN)
    assert SECRET.encode() not in msgspec.msgpack.encode(found)


def test_an_answer_that_does_not_repeat_it_is_kept():
    answer = Body(b'{"fine": true}')
    assert redacted(payload(b'{"key": "s3cr3t"}', answer=answer), "$.key").answer == answer


def test_any_header_with_a_redacted_parameter_in_its_address_is_redacted():
    headers = [
        (b"x-original-url", b"/a?token=s3cr3t"),
        (b"referer", b"/"),
        (b"referer", b"/?token=s3cr3t"),
    ]
    found = redacted(payload(headers=headers), "query:token")
    assert SECRET.encode() not in msgspec.msgpack.encode(found)


def test_what_is_told_of_places_is_bounded_however_many_and_long_they_are():
    body = json.dumps({"n" * 30_000: [{"key": 1}] * 2000}).encode()
    found = redacted(payload(body), "$..key")
    assert len(found.redacted) <= 100
    assert sum(map(len, found.redacted)) <= 20_000
    assert found.size_bytes < len(body) + 25_000


def test_names_that_no_encoding_has_can_be_told():
    found = redacted(payload(b'{"\\ud800": {"key": 1}}'), "$..key")
    assert msgspec.msgpack.encode(found)
    assert found.redacted == ["$.\\ud800.key"]
