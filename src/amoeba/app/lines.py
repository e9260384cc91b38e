"""Which line of a TOML file a key stands on: `tomllib` gives values without places.

A line that begins a table or an assignment is found by its shape; its key is then read by
`tomllib` itself, so that quotes, dots and escapes mean here what they mean there.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

Path = tuple[str, ...]

_QUOTED = r""""(?:\\.|[^"\\])*"|'[^']*'"""
_HEADER = re.compile(rf"""^[ \t]*(?P<header>\[\[?(?:[^\]"'#]|{_QUOTED})+\]\]?)[ \t]*(?:\#.*)?$""")
_KEY = re.compile(rf"""^[ \t]*(?P<key>(?:[^="'#\[\]]|{_QUOTED})+?)[ \t]*=""")
_INLINE = re.compile(rf"""[{{,][ \t]*(?P<key>[A-Za-z0-9_.\-]+|{_QUOTED})[ \t]*=""")


def key_lines(text: str) -> dict[Path, int]:
    """Map each key path to its 1-based line. The text must be valid TOML."""
    stated: dict[Path, int] = {}
    implied: dict[Path, int] = {}  # `[a.b]` makes `a` too, unless `[a]` stands somewhere
    table: Path = ()
    unfinished = ""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if unfinished:
            unfinished += "\n" + line
            unfinished = "" if _is_complete(unfinished) else unfinished
            continue
        found, inner = _keys_of(line)
        if _HEADER.match(line):
            table = found
        elif found:
            found = table + found
            unfinished = "" if _is_complete(line) else line
        for path in (found, *(found + each for each in inner)):
            stated.setdefault(path, number)
            for length in range(1, len(path)):
                implied.setdefault(path[:length], number)
    stated.pop((), None)
    return implied | stated


def line_of(lines: dict[Path, int], where: Path) -> int:
    """The line of `where`, or of the nearest table around it; 0 when there is none."""
    while where:
        if where in lines:
            return lines[where]
        where = where[:-1]
    return 0


def _keys_of(line: str) -> tuple[Path, list[Path]]:
    """The key that a line begins with, and the keys of an inline table behind it."""
    if header := _HEADER.match(line):
        return _path(header["header"]), []
    if key := _KEY.match(line):
        rest = _INLINE.finditer(line, key.end())
        return _path(f"{key['key']} = 0"), [_path(f"{each['key']} = 0") for each in rest]
    return (), []


def _path(text: str) -> Path:
    """The path of the only key in a piece of TOML."""
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(found, dict) and found:
        ((key, found),) = found.items()
        path.append(key)
        found = found[0] if isinstance(found, list) and found else found
    return tuple(path)


def _is_complete(assignment: str) -> bool:
    try:
        tomllib.loads(assignment)
    except tomllib.TOMLDecodeError:
        return False
    return True
