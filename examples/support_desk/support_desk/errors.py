"""What can be wrong with a model or with training data, and the one place that words it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 10
"""Problems listed in full; of the others only the number is told."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where (a file, or a line of it), and what was expected."""

    what: str
    where: str
    expected: str


class ModelError(Exception):
    """A trained model cannot be loaded: its files are missing, damaged or of another format."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return rendered([self.problem], hint="python -m support_desk.training")


class DataError(Exception):
    """Training data cannot be used; holds every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return rendered(self.problems, hint="python -m support_desk.training --help")


def rendered(problems: Sequence[Problem], hint: str) -> str:
    """Word the problems for a person, with the next command to try as the last line."""
    lines = [
        f"{one.what}\n  where: {one.where}\n  expected: {one.expected}" for one in problems[:SHOWN]
    ]
    if len(problems) > SHOWN:
        lines.append(f"and {len(problems) - SHOWN} more problems")
    return "\n".join([*lines, f"hint: {hint}"])
