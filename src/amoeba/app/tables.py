"""Checked reading of a TOML table: every problem is noted, none is raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from amoeba.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TYPE_NAMES = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "a table",
}
_UNITS = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
          "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}  # fmt: skip
_MOST_BYTES = 1 << 62
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"\s*(\d{1,9}(?:\.\d+)?)\s*([smhd])\s*")


class Table:
    """One table of the file and its place. Reads note what is wrong in `problems`."""

    def __init__(
        self, data: dict[str, Any], where: tuple[str, ...], problems: list[Problem]
    ) -> None:
        self.data, self.where, self.problems = data, where, problems
        self._known: set[str] = set()

    def note(
        self, key: str, what: str, expected: str = "", hint: str = "", *, inner: str = ""
    ) -> None:
        """Note a problem at `key`, or at the table itself; `inner` is a step into the value."""
        path = (*self.where, key) if key else self.where
        where = ".".join(path) + (f".{inner}" if inner and inner[0] != "[" else inner)
        path = (*path, inner) if inner else path
        self.problems.append(Problem(what, where, expected, hint, path=path))

    def text(self, key: str, *, required: str = "", default: str = "") -> str:
        """A string that is not empty. `required`: an example of what to write."""
        value = self._typed(key, str)
        if value is None:
            if required and key not in self.data:
                self.note(key, "is missing", expected=required)
            return default
        if not value.strip():
            self.note(key, "is empty", expected=required or "a string that is not empty")
        return str(value)

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        """One of a few words."""
        value = self.text(key, default=default)
        if value and value not in allowed:
            expected = " | ".join(f'"{each}"' for each in allowed)
            self.note(key, f"{value!r} is not allowed", expected, did_you_mean(value, allowed))
            return default
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._typed(key, bool)
        return default if value is None else bool(value)

    def whole(self, key: str, default: int, minimum: int = 0, maximum: int | None = None) -> int:
        """A whole number within bounds."""
        value = self._typed(key, int)
        if value is None:
            return default
        if value < minimum or (maximum is not None and value > maximum):
            bounds = f"{minimum} or more" if maximum is None else f"{minimum} to {maximum}"
            self.note(key, f"is {value}", expected=bounds)
            return default
        return int(value)

    def number(self, key: str, default: float, *, positive: bool = True) -> float:
        """A number, of seconds or of devices."""
        value = self._typed(key, float)
        if value is None:
            return default
        if not 0 <= value < float("inf") or (positive and value == 0):
            self.note(key, f"is {value:g}", expected="more than 0" if positive else "0 or more")
            return default
        return float(value)

    def size(self, key: str, default: int | None) -> int | None:
        """Bytes, as a whole number or as text with a unit: "512MiB"."""
        self._known.add(key)
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        match = _SIZE.match(value) if isinstance(value, str) else None
        unit = _UNITS.get(match[2].lower()) if match else None
        size = float(match[1]) * unit if match and unit else 0.0
        if not 1 <= size <= _MOST_BYTES:
            self.note(key, f"{value!r} is no size", expected='bytes, or text such as "512MiB"')
            return default
        return int(size)

    def seconds(self, key: str, default: float) -> float:
        """A length of time, as text with a unit: "7d"."""
        self._known.add(key)
        value = self.data.get(key)
        if value is None:
            return default
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        if match is None or float(match[1]) == 0:
            expected = 'a number and a unit: "90s", "30m", "12h", "7d"'
            self.note(key, f"{value!r} is no length of time", expected)
            return default
        return float(match[1]) * _SECONDS[match[2]]

    def names(self, key: str) -> tuple[str, ...]:
        """An array of strings."""
        value = self._typed(key, list) or []
        for index, each in enumerate(value):
            if not isinstance(each, str) or not each:
                self.note(key, f"{each!r} is no name", expected="a string", inner=f"[{index}]")
        return tuple(each for each in value if isinstance(each, str) and each)

    def mapping(self, key: str, *, secret: bool = False) -> dict[str, Any]:
        """A table that is passed on as it is. What is `secret` is not shown in a message."""
        value = self.data.get(key)
        if secret and value is not None and not isinstance(value, dict):
            self._known.add(key)
            self.note(key, f"is of type {type(value).__name__}", expected=_TYPE_NAMES[dict])
            return {}
        return dict(self._typed(key, dict) or {})

    def texts(self, key: str) -> dict[str, str]:
        """A table of strings."""
        found = self.mapping(key, secret=True)
        for name, value in found.items():
            if not isinstance(value, str):
                self.note(key, f"is {value!r}", expected="a string", inner=name)
        return {name: value for name, value in found.items() if isinstance(value, str)}

    def table(self, key: str) -> Table:
        """A table below this one; an empty one where it is missing."""
        return Table(self.mapping(key), (*self.where, key), self.problems)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """The named tables below `key`."""
        for name, value in self.mapping(key).items():
            if isinstance(value, dict):
                yield name, Table(value, (*self.where, key, name), self.problems)
            else:
                self.note(key, f"is {value!r}", expected="a table", inner=name)

    def finish(self) -> None:
        """Note every key that was never asked for."""
        for key in self.data:
            if key not in self._known:
                self.note(key, "unknown key", hint=did_you_mean(key, self._known))

    def _typed(self, key: str, tp: type) -> Any:
        self._known.add(key)
        value = self.data.get(key)
        if value is None:
            return None
        fits = isinstance(value, (int, float) if tp is float else tp)
        if not fits or (isinstance(value, bool) and tp is not bool):
            self.note(key, f"is {value!r}", expected=_TYPE_NAMES[tp])
            return None
        return value
