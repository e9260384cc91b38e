"""Redaction: what is not to be known is taken out of a request before it leaves the process.

Where it cannot be told whether a body has what is to be redacted, because it is no JSON and no
form, or only the beginning of it was kept, the whole body is left out.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from amoeba.evidence.payloads import HIDDEN, MARK, UNREAD, WHOLE, Body

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from amoeba.app.payloads import Place, Step
    from amoeba.evidence.payloads import Payload

Header = tuple[bytes, bytes]

_PLAIN = re.compile(r"""[^.\[\]"\s*]+""")
_PLAIN_FAILURE = b"Internal Server Error"  # what servers answer themselves has nothing in it
_FORM = b"application/x-www-form-urlencoded"


def redact(payload: Payload, places: Iterable[Place]) -> None:
    """Take out of `payload` what is at these places; it says where that was."""
    by_kind: dict[str, list[Place]] = {"header": [], "query": [], "body": []}
    for place in places:
        by_kind[place.kind].append(place)
    found: list[str] = []
    headers = {place.name.encode("latin-1", "replace") for place in by_kind["header"]}
    queries = {place.name for place in by_kind["query"]}
    payload.query = _query(payload.query, queries, found)
    if queries & {name for name, _ in _pairs(_query_of_the_referer(payload.headers))}:
        headers.add(b"referer")
    payload.headers = [_header(each, headers, found) for each in payload.headers]
    paths = [place.steps for place in by_kind["body"]]
    if paths:
        payload.body = _body(payload.body, payload.headers, paths, found)
        payload.answer = _body(payload.answer, payload.answer_headers, paths, [])
    payload.redacted = list(dict.fromkeys(found))


def header_of(headers: Iterable[Header], name: bytes) -> bytes:
    """The first header of that name, in lower case; empty when there is none."""
    return next((value for found, value in headers if found.lower() == name), b"")


def is_form(headers: Iterable[Header]) -> bool:
    """Whether a body is an HTML form's, not one with files."""
    return header_of(headers, b"content-type").partition(b";")[0].strip().lower() == _FORM


def _header(header: Header, names: set[bytes], found: list[str]) -> Header:
    name, _ = header
    if name.lower() not in names:
        return header
    found.append(f"header:{name.decode('latin-1').lower()}")
    return name, MARK.encode()


def _query_of_the_referer(headers: Iterable[Header]) -> bytes:
    return header_of(headers, b"referer").partition(b"?")[2].partition(b"#")[0]


def _query(query: bytes, names: set[str], found: list[str]) -> bytes:
    pairs = _pairs(query)
    hit = [name for name, _ in pairs if name in names]
    if not hit:
        return query
    found += [f"query:{name}" for name in hit]
    return _encoded((name, MARK if name in names else value) for name, value in pairs)


def _body(
    body: Body, headers: Sequence[Header], paths: Sequence[Sequence[Step]], found: list[str]
) -> Body:
    if not body.data:
        return body
    hidden = Body(b"", HIDDEN)
    if body.data == _PLAIN_FAILURE:
        return body
    if () in paths:
        found.append("$")
        return hidden
    if body.state not in (WHOLE, UNREAD) or header_of(headers, b"content-encoding"):
        return hidden
    if is_form(headers):
        return Body(_form(body.data, paths, found), body.state)
    try:
        return Body(_json(body.data, paths, found), body.state)
    except (ValueError, RecursionError):
        return hidden


def _form(data: bytes, paths: Sequence[Sequence[Step]], found: list[str]) -> bytes:
    pairs = _pairs(data)
    names = {
        name
        for name, _ in pairs
        for path in paths
        if _fits(path[0], name) and (len(path) == 1 or path[0].deep)
    }
    if not names:
        return data
    found += [f"${step_text(name)}" for name in sorted(names)]
    return _encoded((name, MARK if name in names else value) for name, value in pairs)


def _json(data: bytes, paths: Sequence[Sequence[Step]], found: list[str]) -> bytes:
    """The same JSON, byte for byte when nothing was to be redacted. Raises ValueError."""
    repeated = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated = repeated or len({name for name, _ in pairs}) < len(pairs)
        return dict(pairs)

    value = json.loads(data, object_pairs_hook=members)
    hits: list[str] = []
    for path in paths:
        put(value, path, MARK, hits)
    found += hits
    # Of names that are repeated in an object only the last was looked into: the others must go.
    return json.dumps(value, separators=(",", ":")).encode() if hits or repeated else data


def put(value: Any, steps: Sequence[Step], new: Any, hits: list[str], at: str = "$") -> None:
    """Replace what is at the end of `steps` in a JSON value by `new`; `hits` are told where."""
    step, rest = steps[0], steps[1:]
    for name in _names(value):
        here = f"{at}{step_text(name)}"
        if _fits(step, name):
            if rest:
                put(value[name], rest, new, hits, here)
            else:
                value[name] = new
                hits.append(here)
        if step.deep:
            put(value[name], steps, new, hits, here)


def _names(value: Any) -> Iterator[str | int]:
    if isinstance(value, dict):
        yield from list(value)
    elif isinstance(value, list):
        yield from range(len(value))


def _fits(step: Step, name: str | int) -> bool:
    return step.key is None or (step.key == name and isinstance(name, type(step.key)))


def step_text(name: str | int) -> str:
    """One step of a path, as it is written."""
    if isinstance(name, int):
        return f"[{name}]"
    return f".{name}" if _PLAIN.fullmatch(name) else f'["{name}"]'


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    return parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")


def _encoded(pairs: Iterable[tuple[str, str]]) -> bytes:
    return urlencode(list(pairs), errors="surrogateescape").encode()
