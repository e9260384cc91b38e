"""Reading `[requests.NAME]`: what is sent, with which data, and which answer is expected."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from amoeba.errors import did_you_mean
from amoeba.load.data import read_rows
from amoeba.load.reading_slo import read_slo
from amoeba.load.scenario import ORDERS, Limit, Request, Rows
from amoeba.load.templates import BUILT_IN, Template, places

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.app.tables import Table

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KINDS_OF_DATA = (".csv", ".jsonl")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_BODIES = ("json", "form", "body")
_OURS = ("host", "content-length", "transfer-encoding", "connection")


def read_request(name: str, table: Table, folder: Path) -> tuple[Request, list[Limit]]:
    """One request and its own limits."""
    if not _NAME.fullmatch(name):
        expected = "letters, digits, - and _, starting with a letter, at most 63"
        table.note("", f"{name!r} is no name", expected=expected)
    template = _template(table)
    request = Request(
        name=name,
        template=template,
        weight=table.number("weight", 1.0),
        data=_data(table, template, folder),
        expect=_expect(table),
    )
    limits = list(read_slo(table.table("slo"), name))
    table.finish()
    return request, limits


def _template(table: Table) -> Template:
    bodies = [key for key in _BODIES if key in table.data]
    if len(bodies) > 1:
        what = f"is given beside `{bodies[0]}`"
        table.note(bodies[1], what, hint="a request has one body: keep one")
    path = table.text("path", required='"/tickets"')
    if path and not re.match(r"/[^\s#]*$", path):
        table.note("path", f"{path!r} is no path", expected='"/tickets?limit=10": as it is sent')
    return Template(
        method=table.choice("method", METHODS, "POST" if bodies else "GET"),
        path=path,
        headers=_headers(table),
        json=table.mapping("json").get("0"),
        form=table.texts("form"),
        body=table.text("body"),
    )


def _headers(table: Table) -> dict[str, str]:
    headers = table.texts("headers")
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            table.note("headers", f"{name!r} is no name of a header", inner=name)
        elif name.lower() in _OURS:
            table.note("headers", "is set by the client itself", inner=name)
        elif not _is_line(value):
            table.note("headers", "has a line break or a control character", inner=name)
    return headers


def _expect(table: Table) -> frozenset[int]:
    found = set()
    for index, status in table.mapping("expect").items():
        if isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599:
            found.add(status)
        else:
            table.note("expect", f"{status!r} is no status", "200 to 599", inner=f"[{index}]")
    return frozenset(found)


def _data(table: Table, template: Template, folder: Path) -> Rows | None:
    file, columns = table.text("data"), table.names("columns")
    order = table.choice("order", ORDERS, ORDERS[0])
    if not file:
        for key in ("columns", "order"):
            if key in table.data and "data" not in table.data:
                table.note(key, "is only for requests with data", hint='add data = "FILE.csv"')
        _check_places(table, template, None)
        return None
    path = folder / file
    if path.suffix not in KINDS_OF_DATA:
        table.note("data", f"{file!r} is no data", expected='a file "….csv" or "….jsonl"')
        return None
    if columns and path.suffix != ".csv":
        table.note("columns", "is only for CSV without a line of names")
    rows, names, problems = read_rows(path, columns)
    for problem in problems:
        if problem.line:
            table.problems.append(problem)
        else:
            table.note("data", f"{file!r} {problem.what}")
    if problems:
        return None
    _check_places(table, template, names)
    _check_rows(table, template, names, rows)
    return Rows(file, tuple(rows), order)


def _check_places(table: Table, template: Template, columns: tuple[str, ...] | None) -> None:
    """Each place is a column; without data there are only the built-in ones."""
    for field, name in sorted(set(places(template))):
        if name in BUILT_IN or (columns is not None and name in columns):
            continue
        if name.startswith("@"):
            table.note(field, f"{{{name}}} is unknown", hint=did_you_mean(name, BUILT_IN))
        elif columns is None:
            hint = f'add data = "FILE.csv", or write {{{{{name}}}}} for the text itself'
            table.note(field, f"{{{name}}} has no data", hint=hint)
        else:
            hint = did_you_mean(name, columns)
            table.note(field, f"{{{name}}} is no column of the data", hint=hint)


def _check_rows(
    table: Table, template: Template, columns: tuple[str, ...], rows: list[dict[str, Any]]
) -> None:
    """Each row has a value for each place, and one that may stand there."""
    wanted = {(field, name) for field, name in places(template) if name in columns}
    for field, name in sorted(wanted):
        for number, row in enumerate(rows, start=1):
            if name not in row:
                table.note("data", f"row {number} has no {name!r}", expected="it in each row")
            elif field == "headers" and not _is_line(str(row[name])):
                what = f"{{{name}}} of row {number} has a line break or a control character"
                table.note(field, what)
            elif field != "json" and isinstance(row[name], (dict, list)):
                what = f"{{{name}}} of row {number} is a structure"
                table.note(field, what, expected="a text or a number, but in `json`")
            else:
                continue
            break


def _is_line(text: str) -> bool:
    return all(ch >= " " and ch != "\x7f" for ch in text)
