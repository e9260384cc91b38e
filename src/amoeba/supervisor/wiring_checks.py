"""What only shows once every host has said what its modules need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.app import cycle_problems
from amoeba.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from amoeba.runtime import Need


def need_problems(
    needs: Iterable[Need], blocking: Container[str], process_of: Mapping[str, str]
) -> list[Problem]:
    """What would wait for ever: modules that need each other to start, processes that block.

    Constructors that need each other within one host are found there; this sees across hosts.
    """
    at_start: dict[str, list[str]] = {}
    waiting: dict[str, list[str]] = {}
    for need in needs:
        if need.at_start:
            at_start.setdefault(need.caller, []).append(need.module)
        here, there = process_of.get(need.caller, ""), process_of.get(need.module, "")
        if need.module in blocking and here != there:
            waiting.setdefault(here, []).append(there)
    return cycle_problems(at_start) + [
        Problem(
            what=problem.what.replace("modules need each other", "processes block on each other"),
            where="wiring",
            hint="give one module a contract with async methods, or run both in one process",
        )
        for problem in cycle_problems(waiting)
    ]


def stop_order(needs: Iterable[Need], process_of: Mapping[str, str], first: str) -> list[str]:
    """Processes so that each stops before those it needs; `first` (the gateway's) leads."""
    graph: dict[str, list[str]] = {name: [] for name in process_of.values()}
    for need in needs:
        here, there = process_of.get(need.caller, ""), process_of.get(need.module, "")
        if here and there and here != there:
            graph[here].append(there)
    ordered: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered or name in path:
            return
        for needed in graph.get(name, ()):
            visit(needed, (*path, name))
        ordered.append(name)

    for name in graph:
        visit(name, ())
    ordered.reverse()
    return sorted(ordered, key=lambda name: name != first)


def closure(start: str, needs: Iterable[Need]) -> set[str]:
    """Every module that `start` needs, directly or through others."""
    graph: dict[str, set[str]] = {}
    for need in needs:
        graph.setdefault(need.caller, set()).add(need.module)
    found: set[str] = set()
    pending = [start]
    while pending:
        for module in graph.get(pending.pop(), set()) - found:
            found.add(module)
            pending.append(module)
    return found
