"""The rows of what past changes would have meant: from git, not from a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.advisor.comparing.model import Cell, Group, Row
from amoeba.advisor.comparing.rows import Line
from amoeba.advisor.history import deployments, team_changes

if TYPE_CHECKING:
    from amoeba.advisor.comparing.measured import Measured
    from amoeba.advisor.history import History, Share


def changing(measured: Measured, history: History) -> Group | None:
    """What the changes of the past year would have needed; None when git knows of none."""
    if not history.of_modules:
        return None
    by_topology = {
        name: deployments(history, {p.name: p.modules for p in measured.topology(name).processes})
        for name in measured.names
    }
    count = len(history.of_modules)
    rows = [
        _shares(
            "changes that need several deployables at once",
            "of the changes that touch a module, those that touch modules of several processes",
            {name: each.crossing for name, each in by_topology.items()},
        ),
        Line(
            "deployables that a change redeploys, mean",
            "",
            "",
            "processes with a module that the change touches",
        ).counted({name: each.total / count for name, each in by_topology.items()}),
        Line(
            "modules that a deployment releases, mean",
            "",
            "less",
            "modules in the processes that a change redeploys, touched or not",
        ).counted({name: _released(measured, history, name) for name in measured.names}),
    ]
    teams = team_changes(history)
    if teams.source:
        rows.append(_alike(measured, "changes across teams", f"by {teams.source}", teams.crossing))
    if history.conflicts.replayed:
        how = "merges of the history made again, those with conflicts"
        rows.append(_alike(measured, "merges with conflicts", how, history.conflicts.share))
    return Group(f"Changing it: {count} changes of modules in git", rows)


def _shares(name: str, how: str, shares: dict[str, Share]) -> Row:
    """Shares of the same changes: what they differ by is exact."""
    return Line(name, "share", "less", how).counted(
        {each: share.value or 0.0 for each, share in shares.items()},
        lambda each: f"{shares[each].count} of {shares[each].of}",
    )


def _alike(measured: Measured, name: str, how: str, share: Share) -> Row:
    """A figure of the code that no topology changes."""
    low, high = share.bounds
    value = share.value
    of = f"{share.count} of {share.of}"
    cell = Cell(None, text="none") if value is None else Cell(value, low, high, "", of)
    how = f"{how}; the same whatever the topology"
    return Row(name, "share", "", how, dict.fromkeys(measured.names, cell))


def _released(measured: Measured, history: History, name: str) -> float:
    """How many modules are released for a change, on average."""
    processes = measured.topology(name).processes
    counts = [
        sum(len(p.modules) for p in processes if not change.modules.keys().isdisjoint(p.modules))
        for change in history.of_modules
    ]
    return sum(counts) / len(counts)
