"""Requests with places for data: `{column}` in a path, a header, a JSON value, a form or a body.

Data cannot change the shape of a request: in a path it is quoted, in JSON it is put into the
structure and not into text, in a form it is encoded. `{{column}}` stands for `{column}` itself.
`{@number}` is the number of the arrival, from 0; `{@uuid}` is new each time.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PLACE = re.compile(r"\{\{(?P<literal>@?\w+)\}\}|\{(?P<name>@?\w+)\}")
BUILT_IN = ("@number", "@uuid")

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


class Template(msgspec.Struct, frozen=True):
    """A request before its data is known. At most one of `json`, `form` and `body` is used."""

    method: str = "GET"
    path: str = "/"
    headers: dict[str, str] = {}
    json: Any = None
    form: dict[str, str] = {}
    body: str = ""


class Filled(msgspec.Struct, frozen=True):
    """A request as it is sent. `path` is quoted, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


def fill(template: Template, row: Mapping[str, Any], number: int) -> Filled:
    """The request for one row of data and one arrival."""
    values = {**row, "@number": number}
    headers = {name: _text(value, values, str) for name, value in template.headers.items()}
    body, content_type = _body(template, values)
    if content_type and "content-type" not in map(str.lower, headers):
        headers["content-type"] = content_type
    return Filled(template.method, _text(template.path, values, _quoted), headers, body)


def places(template: Template) -> Iterator[tuple[str, str]]:
    """Each place for data: the template's field that it stands in, and its name."""
    texts = [("path", template.path), ("body", template.body)]
    texts += [("headers", value) for value in template.headers.values()]
    texts += [("form", value) for value in template.form.values()]
    texts += [("json", value) for value in _texts(template.json)]
    for field, text in texts:
        for match in _PLACE.finditer(text):
            if match["name"]:
                yield field, match["name"]


def _body(template: Template, values: Mapping[str, Any]) -> tuple[bytes | None, str]:
    if template.json is not None:
        return msgspec.json.encode(_structure(template.json, values)), _JSON
    if template.form:
        fields = {name: _text(value, values, str) for name, value in template.form.items()}
        return urlencode(fields).encode(), _FORM
    if template.body:
        return _text(template.body, values, str).encode(), ""
    return None, ""


def _structure(value: Any, values: Mapping[str, Any]) -> Any:
    """The same structure with data in it. A text that is one place only takes the data's type."""
    if isinstance(value, dict):
        return {key: _structure(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_structure(each, values) for each in value]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    if whole and whole["name"]:
        return _value(whole["name"], values)
    return _text(value, values, str)


def _text(text: str, values: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    if "{" not in text:
        return text
    return _PLACE.sub(
        lambda match: (
            shown(_value(match["name"], values)) if match["name"] else f"{{{match['literal']}}}"
        ),
        text,
    )


def _value(name: str, values: Mapping[str, Any]) -> Any:
    return str(uuid.uuid4()) if name == "@uuid" else values[name]


def _quoted(value: Any) -> str:
    return quote(str(value), safe="")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
