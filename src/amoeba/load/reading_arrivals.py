"""Reading `[arrivals]`: when requests arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from amoeba.load.arrivals import expected_count
from amoeba.load.recorded import NoColumn, mean_rate_per_s, read_recorded
from amoeba.load.scenario import KINDS, LONGEST_S, MOST_ARRIVALS, Arrivals, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.app.tables import Table

_ONLY_RECORDED = ("file", "column", "speed")


def read_arrivals(table: Table, folder: Path) -> Arrivals:
    """The arrivals; a recording is read from its file."""
    default = Arrivals()
    kind = table.choice("kind", KINDS, default.kind)
    recorded_s = _recorded(table, folder) if kind == "recorded" else ()
    ramp = _ramp(table)
    arrivals = Arrivals(
        kind=kind,
        rate_per_s=_rate(table, recorded_s, default.rate_per_s),
        warm_up_s=table.number("warm_up", 0.0, positive=False),
        seed=table.whole("seed", 0),
        ramp=ramp,
        recorded_s=recorded_s,
    )
    arrivals = msgspec.structs.replace(arrivals, duration_s=_duration(table, arrivals))
    _check_kind(table, kind, ramp)
    _check_bounds(table, arrivals)
    table.finish()
    return arrivals


def _recorded(table: Table, folder: Path) -> tuple[float, ...]:
    file = table.text("file", required='"arrivals.csv"')
    column = table.text("column", required='the column with the times: "TIMESTAMP"')
    if not file or not column:
        return ()
    try:
        recorded_s, problems = read_recorded(folder / file, column)
    except NoColumn as error:
        table.note("column", f"{file} has no column {column!r}", hint=error.hint)
        return ()
    for problem in problems:
        if problem.line:
            table.problems.append(problem)
        else:
            table.note("file", f"{file!r} {problem.what}", problem.expected)
    return recorded_s


def _rate(table: Table, recorded_s: tuple[float, ...], default: float) -> float:
    rate, speed = table.number("rate", 0.0), table.number("speed", 0.0)
    if "rate" in table.data and "speed" in table.data:
        table.note("speed", "is given beside `rate`", hint="both set the mean rate: keep one")
    if recorded_s and not rate:
        return mean_rate_per_s(recorded_s) * (speed or 1.0)
    return rate or default


def _ramp(table: Table) -> tuple[Stage, ...]:
    stages = []
    for _, stage in table.tables("ramp"):
        for key in ("to", "over"):
            if key not in stage.data:
                stage.note(key, "is missing", expected="{ to = RATE, over = SECONDS }")
        stages.append(Stage(stage.number("to", 1.0), stage.number("over", 1.0, positive=False)))
        stage.finish()
    return tuple(stages)


def _duration(table: Table, arrivals: Arrivals) -> float:
    """As given; or as long as the ramp, or the recording, takes."""
    ramp_s = sum(stage.over_s for stage in arrivals.ramp)
    default = Arrivals().duration_s
    if arrivals.recorded_s:
        default = max(1.0, (len(arrivals.recorded_s) - 1) / arrivals.rate_per_s)
    duration = table.number("duration", ramp_s or default)
    if duration < ramp_s:
        table.note("duration", f"is {duration:g}", expected=f"{ramp_s:g} or more: the ramp's")
    return duration


def _check_kind(table: Table, kind: str, ramp: tuple[Stage, ...]) -> None:
    if kind == "recorded" and ramp:
        table.note("ramp", "is only for poisson and constant", hint="a recording has its own")
    for key in _ONLY_RECORDED:
        if kind != "recorded" and key in table.data and table.data.get("kind", kind) in KINDS:
            table.text(key) if key != "speed" else None
            table.note(key, 'is only for kind = "recorded"', hint='add kind = "recorded"')


def _check_bounds(table: Table, arrivals: Arrivals) -> None:
    if arrivals.total_s > LONGEST_S:
        table.note("duration", f"is {arrivals.duration_s:g}", expected=f"{LONGEST_S:g} at most")
    elif (count := expected_count(arrivals)) > MOST_ARRIVALS:
        what = f"{count:,.0f} arrivals are too many"
        table.note("rate", what, expected=f"at most {MOST_ARRIVALS:,} in one run")
