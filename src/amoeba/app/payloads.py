"""`[evidence.payloads]`: of which routes requests are recorded, and what of them never is.

A place that is redacted is written as

    $.customer_id   $.items[0].email   $.items[*].email   $..password   $.*.key   $["odd name"]   $
    header:x-api-key      query:token

The first line is of JSON bodies and forms: `..` is at any depth, `*` any one, `$` the whole body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from amoeba.errors import Problem

if TYPE_CHECKING:
    from amoeba.app.tables import Table

ALWAYS = ("header:authorization", "header:cookie", "header:proxy-authorization",
          "header:set-cookie")  # fmt: skip
"""Redacted whatever the file says, unless it says `"!header:cookie"`."""

LEAST_BYTES = MOST_BODY_BYTES = 1 << 20
_BODIES = 8  # of the largest size that must find room at least
_ROUTE = re.compile(r"([A-Z]+) (/\S*)")
_NAMED = re.compile(r"(header|query):(\S+)")
_STEP = re.compile(
    r"""(?P<dots>\.\.?)(?P<name>[^.\[\]"\s*]+)"""
    r"""|(?P<any>\.\*)|\[(?P<index>\d+|\*)\]|\["(?P<quoted>[^"]+)"\]"""
)
_PLACE = '"$.field", "$.list[*].field", "$..field", "header:name" or "query:name"'
_HINTS = {
    "body": "write $.name for a field of the body",
    "cookie": "cookies are the header: header:cookie",
    "path": "the path is recorded as it is: leave such a route out",
}


class Step(msgspec.Struct, frozen=True):
    """One step into a JSON value: a name, an index, or None for any; `deep`: at any depth."""

    key: str | int | None
    deep: bool = False


class Place(msgspec.Struct, frozen=True):
    """What is redacted: a `header`, a `query` parameter, or in a `body` what `steps` lead to."""

    kind: str
    name: str = ""
    steps: tuple[Step, ...] = ()


class PayloadSpec(msgspec.Struct, frozen=True):
    """What is recorded of requests: nothing without `routes`: method and whole path.

    Sizes in bytes: of the whole file, and of the largest body that is kept whole.
    """

    routes: tuple[str, ...] = ()
    redact: tuple[Place, ...] = ()
    most_bytes: int = 16 << 20
    body_bytes: int = 64 << 10
    keep_s: float = 7 * 86400.0


def read_place(text: str) -> Place | None:
    """The place that `text` names; None when it names none."""
    named = _NAMED.fullmatch(text)
    if named:
        kind, name = named.groups()
        return Place(kind, name.lower() if kind == "header" else name)
    if not text.startswith("$"):
        return None
    steps: list[Step] = []
    at = 1
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None:
            return None
        at = found.end()
        steps.append(_step(found))
    return Place("body", steps=tuple(steps))


def _step(found: re.Match[str]) -> Step:
    if found["name"] is not None:
        return Step(found["name"], deep=found["dots"] == "..")
    if found["quoted"] is not None:
        return Step(found["quoted"])
    if found["any"] is not None or found["index"] == "*":
        return Step(None)
    return Step(int(found["index"]))


def read_payloads(evidence: Table) -> PayloadSpec:
    """Read the table below `[evidence]`; what is wrong is noted in it."""
    table = evidence.table("payloads")
    default = PayloadSpec()
    spec = PayloadSpec(
        routes=_routes(table),
        redact=_places(table),
        most_bytes=_size(table, "size", default.most_bytes, LEAST_BYTES),
        body_bytes=_size(table, "request", default.body_bytes, 1, MOST_BODY_BYTES),
        keep_s=table.seconds("keep", default.keep_s),
    )
    if table.data and "routes" not in table.data:
        table.note("", "nothing is recorded without routes", 'routes = ["POST /path"]')
    if spec.routes and evidence.data.get("keep") is False:
        hint = "leave keep out, or [evidence.payloads]"
        table.note("routes", "nothing is recorded while [evidence] keep = false", hint=hint)
    if spec.body_bytes * _BODIES > spec.most_bytes:
        expected = f"at most an eighth of size: {_shown(spec.most_bytes // _BODIES)}"
        table.note("request", f"is {spec.body_bytes} bytes", expected)
    table.finish()
    return spec


def _routes(table: Table) -> tuple[str, ...]:
    found = table.names("routes")
    for index, each in enumerate(found):
        if not _ROUTE.fullmatch(each):
            expected = '"METHOD /path" with the whole path: "POST /tickets/{id}"'
            table.note("routes", f"{each!r} is no route", expected, inner=f"[{index}]")
    return found


def _places(table: Table) -> tuple[Place, ...]:
    texts = table.names("redact")
    revealed = {text[1:].lower() for text in texts if text.startswith("!")}
    for index, text in enumerate(texts):
        if problem := _problem(text):
            table.note("redact", problem.what, problem.expected, problem.hint, inner=f"[{index}]")
    wanted = [text for text in texts if not text.startswith("!")]
    wanted += [each for each in ALWAYS if each not in revealed]
    places = [place for place in map(read_place, wanted) if place is not None]
    return tuple(dict.fromkeys(places))


def _problem(text: str) -> Problem | None:
    if text.startswith("!"):
        if text[1:].lower() in ALWAYS:
            return None
        expected = "one of " + ", ".join(f'"!{each}"' for each in ALWAYS)
        return Problem(f"{text[1:]!r} is not redacted by itself", expected=expected)
    if read_place(text) is not None:
        return None
    hint = _HINTS.get(text.partition(":")[0], "")
    if re.fullmatch(r"\w+", text):
        hint = f"write $.{text} for a field of the body"
    return Problem(f"{text!r} is no place in a request", expected=_PLACE, hint=hint)


def _size(table: Table, key: str, default: int, least: int, most: int = 1 << 62) -> int:
    found = table.size(key, None)
    if found is None:
        return default
    if found < least:
        table.note(key, f"is {found} bytes", expected=f"{_shown(least)} or more")
        return default
    if found > most:
        table.note(key, f"is {found} bytes", expected=f"at most {_shown(most)}")
        return default
    return found


def _shown(size: int) -> str:
    unit, name = (1 << 20, "MiB") if size >= 1 << 20 else (1 << 10, "KiB")
    return f'"{size / unit:g}{name}"'
