"""Where the replayed answer differs from the recorded one."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from amoeba.replay import Answer, compare


def answer(body: Any, status: int = 200, **more: Any) -> Answer:
    return Answer(
        status, [], body if isinstance(body, bytes) else json.dumps(body).encode(), **more
    )


@pytest.mark.parametrize(
    ("before", "now", "difference", "count"),
    [
        ({"a": 1}, {"a": 1}, "", 0),
        ({"a": [1, {"b": "x"}]}, {"a": [1, {"b": "y"}]}, '$.a[1].b: recorded "x", replayed "y"', 1),
        ({"a": 1, "b": 1}, {"b": 2}, "$.a: recorded 1, replayed nothing", 2),
        ([1], [1, 2], "$[1]: recorded nothing, replayed 2", 1),
        ({"a": True}, {"a": 1}, "$.a: recorded true, replayed 1", 1),
        ({"a": "[redacted]"}, {"a": {"secret": 1}}, "", 0),
        (b"text", b"text", "", 0),
        (b"some text", b"some test", "byte 7: recorded b'xt', replayed b'st'", 1),
        (b"text", b"text and more", "byte 4: recorded the end, replayed b' and more'", 1),
        (b"\x00", {}, "byte 0: recorded b'\\x00', replayed b'{}'", 1),
    ],
)
def test_the_first_difference_is_told(before, now, difference, count):
    found = compare(answer(before), answer(now), known=True)
    assert (found.difference, found.differences) == (difference, count)
    assert found.same == (not count)


def test_the_status_is_compared_too():
    assert not compare(answer({}), answer({}, 500), known=True).same


def test_only_what_is_known_is_compared():
    assert compare(answer(b"", whole=False), answer({"a": 1}), known=False).same
    assert compare(answer(b"data: 1\n", whole=False), answer(b"data: 1\n\ndata"), known=True).same
    assert not compare(answer(b"data: 1", whole=False), answer(b"data: 2"), known=True).same


def test_compressed_answers_are_compared_by_what_is_in_them():
    headers = [(b"content-encoding", b"gzip")]
    before = Answer(200, headers, gzip.compress(b'{"a": 1}', mtime=1))
    now = Answer(200, headers, gzip.compress(b'{"a": 1}', mtime=2))
    assert compare(before, now, known=True).same
