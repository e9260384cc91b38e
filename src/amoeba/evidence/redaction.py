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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from amoeba.app.payloads import Place, Step
    from amoeba.evidence.payloads import Payload

Header = tuple[bytes, bytes]

_PLAIN = re.compile(r"""[^.\[\]"\s*]+""")
_PLAIN_FAILURE = b"Internal Server Error"  # what servers answer themselves has nothing in it
_MOST_PLACES, _LONGEST_PLACE, _MOST_VALUES = 100, 200, 1000
_SHORTEST = 3  # less tells nothing of whom it is, and stands in every answer
_FORM = b"application/x-www-form-urlencoded"


def redact(payload: Payload, places: Iterable[Place]) -> None:
    """Take out of `payload` what is at these places; it says where that was."""
    by_kind: dict[str, list[Place]] = {"header": [], "query": [], "body": []}
    for place in places:
        by_kind[place.kind].append(place)
    found = Found()
    headers = {place.name.encode("latin-1", "replace") for place in by_kind["header"]}
    queries = {place.name for place in by_kind["query"]}
    payload.query = _query(payload.query, queries, found)
    payload.headers = [_header(each, headers, queries, found) for each in payload.headers]
    paths = [place.steps for place in by_kind["body"]]
    if paths:
        payload.body = _body(payload.body, payload.headers, paths, found)
        payload.answer = _body(payload.answer, payload.answer_headers, paths, Found())
    if found.is_in(payload.answer.data):  # as a refusal repeats what it refuses
        payload.answer = Body(b"", HIDDEN)
    payload.redacted = found.named()


class Found:
    """What was taken out of a request: where it was, as far as is worth telling, and what it was.

    The client chooses names and how many there are, so neither may grow without bounds.
    """

    def __init__(self) -> None:
        self._places: dict[str, None] = {}
        self._values: set[str] = set()
        self.any = False

    def add(self, place: str, value: Any) -> None:
        """Note what was there."""
        self.any = True
        if len(self._places) < _MOST_PLACES:
            self._places[place[:_LONGEST_PLACE]] = None
        if len(self._values) < _MOST_VALUES:
            self._values.update(text for text in _texts(value) if len(text) >= _SHORTEST)

    def named(self) -> list[str]:
        """The places, as text that can be encoded."""
        return [each.encode("utf-8", "backslashreplace").decode() for each in self._places]

    def is_in(self, data: bytes) -> bool:
        """Whether any of the values stands in some bytes, as it is or as JSON has it."""
        if not data or not self.any:
            return False
        if len(self._values) >= _MOST_VALUES:
            return True  # more than was remembered: it cannot be told
        forms = {form for value in self._values for form in (value, json.dumps(value)[1:-1])}
        return any(form.encode("utf-8", "surrogateescape") in data for form in forms)


def _texts(value: Any) -> Iterator[str]:
    """The texts and numbers within a value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif value not in (None, "", True, False, MARK):
        yield str(value)


def header_of(headers: Iterable[Header], name: bytes) -> bytes:
    """The first header of that name, in lower case; empty when there is none."""
    return next((value for found, value in headers if found.lower() == name), b"")


def is_form(headers: Iterable[Header]) -> bool:
    """Whether a body is an HTML form's, not one with files."""
    return header_of(headers, b"content-type").partition(b";")[0].strip().lower() == _FORM


def _header(header: Header, names: set[bytes], queries: set[str], found: Found) -> Header:
    """The header, redacted when it is named, or has an address with a redacted parameter in it."""
    name, value = header
    query = value.partition(b"?")[2].partition(b"#")[0]
    if name.lower() not in names and not queries & {each for each, _ in _pairs(query)}:
        return header
    found.add(f"header:{name.decode('latin-1').lower()}", value.decode("latin-1"))
    return name, MARK.encode()


def _query(query: bytes, names: set[str], found: Found) -> bytes:
    pairs = _pairs(query)
    hit = [pair for pair in pairs if pair[0] in names]
    if not hit:
        return query
    for name, value in hit:
        found.add(f"query:{name}", value)
    return _encoded((name, MARK if name in names else value) for name, value in pairs)


def _body(
    body: Body, headers: Sequence[Header], paths: Sequence[Sequence[Step]], found: Found
) -> Body:
    if not body.data:
        return body
    hidden = Body(b"", HIDDEN)
    if body.data == _PLAIN_FAILURE:
        return body
    if () in paths:
        found.add("$", body.data.decode("utf-8", "surrogateescape"))
        return hidden
    if body.state not in (WHOLE, UNREAD) or header_of(headers, b"content-encoding"):
        return hidden
    try:
        if is_form(headers) and not _like_json(body.data.decode("latin-1")):
            return Body(_form(body.data, paths, found), body.state)
        return Body(_json(body.data, paths, found), body.state)
    except (ValueError, RecursionError):
        return hidden


def _form(data: bytes, paths: Sequence[Sequence[Step]], found: Found) -> bytes:
    """The same form. Raises ValueError where JSON is in it, into which nobody looks."""
    pairs = _pairs(data)
    if any(_like_json(text) for pair in pairs for text in pair):
        raise ValueError
    names = {
        name
        for name, _ in pairs
        for path in paths
        if _fits(path[0], name) and (len(path) == 1 or path[0].deep)
    }
    if not names:
        return data
    for name, value in pairs:
        if name in names:
            found.add(f"${step_text(name)}", value)
    return _encoded((name, MARK if name in names else value) for name, value in pairs)


def _like_json(text: str) -> bool:
    """Whether an object or an array begins here."""
    return text.lstrip()[:1] in ("{", "[")


def _json(data: bytes, paths: Sequence[Sequence[Step]], found: Found) -> bytes:
    """The same JSON, byte for byte when nothing was to be redacted. Raises ValueError.

    Also where JSON is in a string of it, into which nobody looks.
    """
    repeated = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        repeated = repeated or len({name for name, _ in pairs}) < len(pairs)
        return dict(pairs)

    value = json.loads(data, object_pairs_hook=members)
    hits = 0

    def hit(place: str, was: Any) -> None:
        nonlocal hits
        hits += 1
        found.add(place, was)

    for path in paths:
        put(value, path, MARK, hit)
    if any(_is_json(text) for text in _texts(value)):
        raise ValueError
    # Of names that are repeated in an object only the last was looked into: the others must go.
    return json.dumps(value, separators=(",", ":")).encode() if hits or repeated else data


def _is_json(text: str) -> bool:
    """Whether a text is an object or an array in JSON."""
    if not _like_json(text):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def put(
    value: Any, steps: Sequence[Step], new: Any, hit: Callable[[str, Any], None], at: str = "$"
) -> None:
    """Replace what is at the end of `steps` in a JSON value by `new`.

    `hit` is told each place, not longer than is worth telling, and what was there.
    """
    step, rest = steps[0], steps[1:]
    for name in _names(value):
        here = f"{at}{step_text(name)}"[:_LONGEST_PLACE]
        if _fits(step, name):
            if rest:
                put(value[name], rest, new, hit, here)
            else:
                was, value[name] = value[name], new
                hit(here, was)
        if step.deep:
            put(value[name], steps, new, hit, here)


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
