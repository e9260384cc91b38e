"""Which line of a TOML file a key stands on: `tomllib` gives values without places."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str, ...]

_HEADER = re.compile(r"^\s*\[\[?\s*(?P<key>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*(?P<key>(?:[A-Za-z0-9_\-.\s]|"[^"]*"|'[^']*')+?)\s*=""")
_INLINE = re.compile(r"""(?:[{,]\s*)(?P<key>[A-Za-z0-9_\-]+|"[^"]*"|'[^']*')\s*=""")


def key_lines(text: str) -> dict[Path, int]:
    """Map each key path to its 1-based line. The text must be valid TOML."""
    lines: dict[Path, int] = {}
    table: Path = ()
    open_value = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if open_value:
            open_value += "\n" + line
            open_value = "" if _is_complete(open_value) else open_value
            continue
        if header := _HEADER.match(line):
            table = _split(header["key"])
            _note(lines, table, number)
        elif key := _KEY.match(line):
            path = table + _split(key["key"])
            _note(lines, path, number)
            for inner in _INLINE.finditer(line[key.end() :]):
                _note(lines, path + _split(inner["key"]), number)
            open_value = "" if _is_complete(line) else line
    return lines


def line_of(lines: dict[Path, int], where: Path) -> int:
    """The line of `where`, or of the nearest table around it; 0 when there is none."""
    while where:
        if where in lines:
            return lines[where]
        where = where[:-1]
    return 0


def _note(lines: dict[Path, int], path: Path, number: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], number)


def _split(dotted: str) -> Path:
    parts = re.findall(r"""\s*("[^"]*"|'[^']*'|[^.\s"']+)\s*""", dotted)
    return tuple(part.strip("\"'") for part in parts)


def _is_complete(assignment: str) -> bool:
    try:
        tomllib.loads(assignment)
    except tomllib.TOMLDecodeError:
        return False
    return True
