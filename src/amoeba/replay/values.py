"""Values for what was redacted: `--set '$.customer_id=c-1'`, `--set header:authorization=…`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from amoeba.app.payloads import Place, read_place
from amoeba.errors import ConfigurationError, Problem
from amoeba.evidence.payloads import Body
from amoeba.evidence.redaction import is_form, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amoeba.evidence.payloads import Payload

_EXPECTED = "'$.field=value', header:name=value or query:name=value"


class Value(NamedTuple):
    """What is to be put in a place of a request. `text` is as the user wrote it."""

    place: Place
    where: str
    text: str

    @property
    def json(self) -> Any:
        """The text read as JSON; as it stands where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return self.text


def read_value(setting: str) -> Value:
    """`PLACE=VALUE`. Raises ConfigurationError."""
    where, equals, text = setting.partition("=")
    place = read_place(where.strip())
    if not equals or place is None or (place.kind == "body" and not place.steps):
        raise ConfigurationError([Problem(f"{where!r} names no place", "--set", _EXPECTED)])
    return Value(place, where.strip(), text)


def missing(payload: Payload, values: Iterable[Value]) -> list[str]:
    """The places that were redacted and get no value."""
    given = {value.where.lower() if value.place.kind == "header" else value.where
             for value in values}  # fmt: skip
    return [each for each in payload.redacted if each not in given]


def with_values(payload: Payload, values: Sequence[Value]) -> Payload:
    """The request with these values in it. Raises ConfigurationError for a place it has not."""
    headers, query, data = list(payload.headers), payload.query, payload.body.data
    for value in values:
        if value.place.kind == "header":
            headers = _with_header(headers, value.place.name, value.text)
        elif value.place.kind == "query":
            query = _with_pair(query, value.place.name, value.text)
        else:
            data = _with_field(payload, data, value)
    if data is not payload.body.data:
        headers = [each for each in headers if each[0].lower() != b"transfer-encoding"]
        headers = _with_header(headers, "content-length", str(len(data)))
    body = Body(data, payload.body.state)
    return msgspec.structs.replace(payload, headers=headers, query=query, body=body)


def _with_header(
    headers: Sequence[tuple[bytes, bytes]], name: str, text: str
) -> list[tuple[bytes, bytes]]:
    encoded = name.encode("latin-1", "replace")
    others = [each for each in headers if each[0].lower() != encoded]
    return [*others, (encoded, text.encode())]


def _with_pair(encoded: bytes, name: str, text: str) -> bytes:
    pairs = parse_qsl(encoded.decode("latin-1"), keep_blank_values=True)
    changed = [(key, text if key == name else old) for key, old in pairs]
    if changed == pairs and (name, text) not in pairs:
        changed.append((name, text))
    return urlencode(changed).encode()


def _with_field(payload: Payload, data: bytes, value: Value) -> bytes:
    step = value.place.steps[0]
    if is_form(payload.headers) and isinstance(step.key, str):
        return _with_pair(data, step.key, value.text)
    try:
        body = json.loads(data)
    except ValueError:
        raise ConfigurationError([Problem("the body is no JSON", "--set", _EXPECTED)]) from None
    hits: list[str] = []
    put(body, value.place.steps, value.json, lambda place, _: hits.append(place))
    if not hits:
        what = f"the request's body has no {value.where}"
        raise ConfigurationError([Problem(what, "--set", hint=_redacted(payload))])
    return json.dumps(body, separators=(",", ":")).encode()


def _redacted(payload: Payload) -> str:
    return f"redacted in it: {', '.join(payload.redacted)}" if payload.redacted else ""
