"""Arrivals that were recorded: a column of times in a CSV or JSON Lines file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from amoeba.errors import Problem, did_you_mean
from amoeba.load.data import read_rows

if TYPE_CHECKING:
    from pathlib import Path

_EXPECTED = 'seconds, or a date and time such as "2023-11-16 18:15:46.68"'


class NoColumn(Exception):  # noqa: N818 - says what is the case
    """The file has no such column; `hint` names those it has."""

    def __init__(self, hint: str) -> None:
        self.hint = hint
        super().__init__(hint)


def read_recorded(path: Path, column: str) -> tuple[tuple[float, ...], list[Problem]]:
    """The times of a column, in seconds since the earliest, ascending. Raises NoColumn.

    A time is a number of seconds, or a date and time as ISO 8601 has it.
    """
    rows, columns, problems = read_rows(path)
    if problems:
        return (), problems
    if column not in columns:
        raise NoColumn(did_you_mean(column, columns))
    times: list[float] = []
    for index, row in enumerate(rows):
        found = _seconds(row.get(column))
        if found is None:
            what = f"row {index + 1}: {column} {row.get(column)!r} is no time"
            return (), [Problem(what, expected=_EXPECTED, file=str(path))]
        times.append(found)
    times.sort()
    if times[-1] == times[0]:
        return (), [Problem("has no two different times", file=str(path))]
    return tuple(time - times[0] for time in times), []


def mean_rate_per_s(recorded_s: tuple[float, ...]) -> float:
    """The mean rate of a recording: its gaps over the time that they take."""
    return (len(recorded_s) - 1) / recorded_s[-1]


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return number if abs(number) < float("inf") else None
