"""Figures of a comparison in words: the same in the terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amoeba.advisor.comparing.model import (
        Cell,
        Comparison,
        Group,
        Machine,
        ProcessShape,
        Row,
        Standing,
    )

MARKS: dict[Standing, str] = {"best": "▲", "same": "≈", "worse": "▼", "only": "", "": ""}
_TO = "\N{EN DASH}"
_LEGEND: dict[Standing, str] = {
    "best": "▲ best: better than every other by more than noise",
    "same": "≈ level with the best, or within noise of it",
    "worse": "▼ worse than the best by more than noise",
}
UNKNOWN = "-"
_HOUR_S, _MINUTE_S = 3600, 60


@dataclass(frozen=True)
class Scale:
    """How the figures of a row are written: times `factor`, in `unit`."""

    unit: str
    factor: float = 1.0

    def number(self, value: float) -> str:
        """The figure without its unit."""
        return short(value * self.factor)

    def full(self, value: float) -> str:
        """The figure with its unit: `95.4 ms`, `33.3%`, `150/s`, `1 CPU`."""
        number = self.number(value)
        if not self.unit:
            return number
        if self.unit in ("%", "/s"):
            return number + self.unit
        one = number == "1" and self.unit in ("CPUs", "GPUs")
        return f"{number} {self.unit.removesuffix('s') if one else self.unit}"

    def interval(self, cell: Cell) -> str:
        """Both bounds in brackets, without the unit, `?` for one unknown; empty without any."""
        if cell.low is None and cell.high is None:
            return ""
        low, high = (
            "?" if bound is None else self.number(bound) for bound in (cell.low, cell.high)
        )
        return f"[{low}{_TO}{high}]"


def scale(row: Row, currency: str) -> Scale:
    """One scale for a whole row, so that its figures can be compared at a glance."""
    sizes = [abs(cell.value) for cell in row.cells.values() if cell.value]
    least = min(sizes, default=0.0)
    match row.unit:
        case "share":
            return Scale("%", 100.0)
        case "1/s":
            return Scale("/s")
        case "money/month":
            return Scale(f"{currency}/month")
        case "MiB" if least >= 1024:
            return Scale("GiB", 1 / 1024)
        case "s" | "ms":
            return _time(row.unit, least)
        case _:
            return Scale(row.unit)


def _time(unit: str, least: float) -> Scale:
    """Seconds when even the least is a second, milliseconds when it is under a tenth of one."""
    least_s = least if unit == "s" else least / 1000
    if unit == "ms" and least_s >= 1:
        return Scale("s", 1 / 1000)
    if unit == "s" and 0 < least_s < 0.1:
        return Scale("ms", 1000.0)
    return Scale(unit)


def short(value: float) -> str:
    """Three digits, whole from a thousand on."""
    rounded = float(f"{value:.3g}")
    if abs(rounded) >= 1000:
        return f"{value:,.0f}"
    if 0 < abs(rounded) < 0.001:
        return "<0.001"
    return f"{rounded:g}"


def with_unit(row: Row, scale: Scale) -> str:
    """The name of a row and the unit of its figures."""
    told = not scale.unit or scale.unit in row.name.split()
    return row.name if told else f"{row.name} ({scale.unit})"


def topic(group: Group) -> str:
    """The title of a group without what it says after a colon."""
    return group.title.partition(":")[0]


def ways(group: Group) -> list[tuple[str, str]]:
    """How the rows are measured, those measured alike together: names of rows, and the way."""
    names: dict[str, list[str]] = {}
    for row in group.rows:
        names.setdefault(row.how, []).append(row.name)
    return [(listed(them), how) for how, them in names.items()]


def better(row: Row) -> Callable[[Iterable[float]], float]:
    """What chooses the best of values."""
    return min if row.better == "less" else max


def difference(row: Row, best: float, other: float) -> str:
    """By how much the other is more or less: `28% more`, `2.4 times as much`.

    Empty for shares, of which a percentage would be mistaken for points, and beside zero.
    """
    if row.unit == "share" or best <= 0 or other <= 0:
        return ""
    if other >= 2 * best:
        return f"{short(other / best)} times as much"
    share = abs(other / best - 1)
    percent = "less than 1%" if share < 0.01 else f"{share:.0%}"
    return f"{percent} {'more' if other > best else 'less'}"


def badge(row: Row, cell: Cell) -> str:
    """The standing of a cell, and by how much it is worse than the best."""
    if cell.standing != "worse" or cell.value is None:
        word = {"best": "best", "same": "level"}.get(cell.standing, "")
        return f"{MARKS[cell.standing]} {word}".strip()
    best = better(row)(each.value for each in row.cells.values() if each.value is not None)
    by = difference(row, best, cell.value).removesuffix(" as much")
    return f"{MARKS['worse']} {by or 'worse'}"


def figure(cell: Cell, scale: Scale) -> str:
    """The figure without its unit."""
    return UNKNOWN if cell.value is None else scale.number(cell.value)


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: int, noun: str) -> str:
    """`1 round`, `3 rounds`, `7 processes`."""
    ending = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"


def legend(comparison: Comparison) -> list[str]:
    """What the marks mean, of those that occur."""
    cells = [c for group in comparison.groups for row in group.rows for c in row.cells.values()]
    standings = {cell.standing for cell in cells}
    found = [text for standing, text in _LEGEND.items() if standing in standings]
    if any(cell.low is not None or cell.high is not None for cell in cells):
        found.append(f"[low{_TO}high]: 95 % interval over the rounds")
    if any(cell.value is None for cell in cells):
        found.append(f"{UNKNOWN} not measured")
    return found


def title(comparison: Comparison) -> str:
    """What was compared."""
    names = [side.name for side in comparison.sides]
    return f"{comparison.application}: {listed(names)}{' compared' if len(names) > 1 else ''}"


def about(comparison: Comparison) -> str:
    """When and how it was measured."""
    limits = f" · SLO: {', '.join(comparison.limits)}" if comparison.limits else ""
    return (
        f"{moment(comparison.began_at)} · took {duration(comparison.took_s)} · "
        f"{plural(comparison.rounds, 'round')} of {comparison.scenario}{limits}"
    )


def machine(machine: Machine) -> str:
    """Where it was measured."""
    memory = f"{short(machine.memory_bytes / 2**30)} GiB"
    return (
        f"{machine.system} · {machine.processor} · {plural(machine.cpus, 'CPU')} · {memory} · "
        f"Python {machine.python} · Amoeba {machine.amoeba}"
    )


def prices(comparison: Comparison) -> str:
    """What things cost, since when and who says so."""
    pricing = comparison.pricing
    currency = pricing.currency
    return (
        f"CPU {pricing.cpu_hour:g} {currency}/h · memory {pricing.memory_gib_hour:g} "
        f"{currency}/GiB/h · GPU {pricing.gpu_hour:g} {currency}/h · as of {pricing.date} · "
        f"{pricing.source}"
    )


def moment(iso: str) -> str:
    """A moment in UTC to the minute; what is no ISO 8601 is left as it is."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return f"{at:%Y-%m-%d %H:%M} UTC"


def duration(took_s: float) -> str:
    """`48 s`, `24 min 14 s`, `2 h 3 min`."""
    seconds = round(took_s)
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min {seconds % _MINUTE_S} s"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"


def shape(processes: Iterable[ProcessShape]) -> str:
    """The processes of a topology in a line: `main (gateway, tickets) · 2 models (classifier)`."""
    return " · ".join(
        f"{f'{each.replicas} ' if each.replicas != 1 else ''}{each.name} "
        f"({', '.join(each.modules)})"
        for each in processes
    )
