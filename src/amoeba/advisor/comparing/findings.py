"""What a comparison found, in sentences: per group who is best and by how much, or that none is.

Sentences say what the standings of the cells say and nothing beyond. A row counts when it has a
better direction, standings, and figures of two topologies at least.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amoeba.advisor.comparing import words

if TYPE_CHECKING:
    from amoeba.advisor.comparing.model import Comparison, Group, Row

_JUDGED = ("best", "same", "worse")
_NAMED = 3
"""So many rows are named, more are counted."""


@dataclass(frozen=True)
class Finding:
    """What the rows of a group say.

    `leaders`: in how many rows a topology alone is the best, or several share the lead, or (by no
    name) none is ahead, of `compared` rows. `sentences` say it in words.
    """

    group: str
    leaders: dict[tuple[str, ...], int]
    compared: int
    sentences: list[str]


def findings(comparison: Comparison) -> list[str]:
    """A paragraph for each group that can be compared: `Latency: monolith is best in …`."""
    found = [f"{each.group}: {' '.join(each.sentences)}" for each in by_group(comparison)]
    return found or [nothing_found(comparison)]


def nothing_found(comparison: Comparison) -> str:
    """Why there are no findings."""
    if len(comparison.sides) == 1:
        name = comparison.sides[0].name
        return f"Only {name} was measured: there is nothing to compare it with."
    return "Nothing could be compared: no figure was measured of two topologies."


def by_group(comparison: Comparison) -> list[Finding]:
    """The findings of each group; a group without a row to compare has none."""
    order = [side.name for side in comparison.sides]
    found = (_finding(each, order, comparison.pricing.currency) for each in comparison.groups)
    return [each for each in found if each is not None]


@dataclass(frozen=True)
class _Line:
    """A row that can be compared: the values, who is ahead (none when all are level).

    `missing` was not measured, `unclear` was, but nothing says how it stands to the best.
    """

    row: Row
    scale: words.Scale
    values: dict[str, float]
    ahead: tuple[str, ...]
    missing: tuple[str, ...]
    unclear: tuple[str, ...]

    def full(self, name: str) -> str:
        return self.scale.full(self.values[name])

    @property
    def best(self) -> float:
        return words.better(self.row)(self.values[name] for name in self.ahead)

    @property
    def rivals(self) -> list[str]:
        return [name for name in self.values if name not in self.ahead]

    @property
    def next_best(self) -> float:
        return words.better(self.row)(self.values[name] for name in self.rivals)

    @property
    def margin(self) -> float:
        """How many times the lesser the greater of the best and the next is."""
        less, more = sorted((abs(self.best), abs(self.next_best)))
        return more / less if less else float("inf")


def _line(row: Row, order: Sequence[str], currency: str) -> _Line | None:
    cells = {name: row.cells[name] for name in order if name in row.cells}
    known = {name: cell.value for name, cell in cells.items() if cell.value is not None}
    values = {name: value for name, value in known.items() if cells[name].standing in _JUDGED}
    ahead = tuple(name for name in values if cells[name].standing != "worse")
    if not row.better or len(values) < 2 or not ahead:
        return None
    missing = tuple(name for name in order if name not in known)
    unclear = tuple(name for name in known if name not in values)
    ahead = () if len(ahead) == len(values) else ahead
    return _Line(row, words.scale(row, currency), values, ahead, missing, unclear)


def _is_open(row: Row) -> bool:
    """Whether one is better, and nothing says whether the difference is more than noise."""
    cells = [cell for cell in row.cells.values() if cell.value is not None]
    return bool(row.better) and len(cells) > 1 and not any(cell.standing for cell in cells)


def _finding(group: Group, order: Sequence[str], currency: str) -> Finding | None:
    found = (_line(row, order, currency) for row in group.rows)
    lines = [line for line in found if line is not None]
    unsure = sum(map(_is_open, group.rows))
    if not lines and not unsure:
        return None
    total = len(lines) + unsure
    led: dict[tuple[str, ...], list[_Line]] = defaultdict(list)
    for line in lines:
        led[line.ahead].append(line)
    by_size = sorted(led.items(), key=lambda item: (not item[0], len(item[0]), -len(item[1])))
    sentences = []
    for names, them in by_size:
        say = _alone if len(names) == 1 else _together if names else _level
        sentences.append(say(them, total))
    if unsure:
        where = _many(unsure, total)
        sentences.append(f"In {where} a difference cannot be told from noise.")
    leaders = {names: len(them) for names, them in by_size}
    return Finding(words.topic(group), leaders, total, sentences)


def _alone(lines: list[_Line], total: int) -> str:
    """One topology is the best, by more than noise."""
    line = max(lines, key=lambda line: line.margin)
    (name,) = line.ahead
    against = line.scale.full(line.next_best)
    next_best = [rival for rival in line.rivals if line.full(rival) == against]
    return (
        f"{name} is best in {_where(lines, total, 'by most in')}: {line.full(name)} against "
        f"{against} of {words.listed(next_best)}{_more(line)}{_without(line)}."
    )


def _together(lines: list[_Line], total: int) -> str:
    """Several are not to be told from the best, and others are worse than it."""
    line = max(lines, key=lambda line: line.margin)
    own = list(dict.fromkeys(line.full(name) for name in line.ahead))
    noise = "" if len({line.values[name] for name in line.ahead}) == 1 else " (within noise)"
    behind = words.listed([f"{name} with {line.full(name)}" for name in line.rivals])
    are = "is" if len(line.rivals) == 1 else "are"
    return (
        f"{words.listed(line.ahead)} share the lead in {_where(lines, total, 'such as')}: "
        f"{words.listed(own)}{noise}; behind {are} {behind}{_without(line)}."
    )


def _level(lines: list[_Line], total: int) -> str:
    """None is ahead."""
    equal = [line for line in lines if len(set(line.values.values())) == 1]
    noise = [line for line in lines if line not in equal]
    parts = (("No difference beyond noise", noise), ("No difference", equal))
    return " ".join(f"{what} in {_rows(them, total)}." for what, them in parts if them)


def _rows(lines: list[_Line], total: int) -> str:
    if len(lines) <= _NAMED:
        return words.listed([line.row.name + _missing(line) for line in lines])
    return _many(len(lines), total)


def _many(count: int, total: int) -> str:
    if count < total:
        return f"{count} of {total} figures"
    return {1: "its one figure", 2: "both figures"}.get(total, f"all {total} figures")


def _where(lines: list[_Line], total: int, example: str) -> str:
    """The row that is told of, and of how many it is one."""
    name = max(lines, key=lambda line: line.margin).row.name
    if len(lines) == 1:
        return name
    return f"{_many(len(lines), total)}, {example} {name}"


def _more(line: _Line) -> str:
    difference = words.difference(line.row, line.best, line.next_best)
    return f" ({difference})" if difference else ""


def _missing(line: _Line) -> str:
    without = _without(line).removeprefix("; ")
    return f" ({without})" if without else ""


def _without(line: _Line) -> str:
    missing = f"; {words.listed(line.missing)} not measured" if line.missing else ""
    return missing + (f"; {words.listed(line.unclear)} not judged" if line.unclear else "")
