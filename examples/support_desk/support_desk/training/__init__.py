"""The contract of `training`: new models from data, while the desk serves or beside it.

A run goes `running -> succeeded | failed | interrupted`. There is one run at a time, since two
would write the same models.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

__all__ = ["Run", "RunNotFound", "RunState", "Training", "TrainingBusy"]


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its process stopped before it was done


@dataclass(frozen=True, slots=True)
class Run:
    """One run of training.

    `stage` says what it does now, `step` of `steps` how far it is. When it has succeeded, `version`
    names the folder of models that it wrote and `metrics` holds what was measured on data held out,
    each between 0 and 1. When it has failed, `error` says why.
    """

    id: str
    state: RunState
    seed: int
    started_at: datetime
    stage: str
    step: int
    steps: int
    ended_at: datetime | None = None
    version: str = ""
    metrics: dict[str, float] | None = None
    error: str = ""


class TrainingBusy(Exception):  # noqa: N818 - says what is the case
    """Another run is going on."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self.run_id = run_id

    def __str__(self) -> str:
        return f"run {self.run_id} is still going on"


class RunNotFound(Exception):  # noqa: N818 - says what is the case
    """No run has this id."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id)
        self.run_id = run_id

    def __str__(self) -> str:
        return f"there is no run {self.run_id!r}"


class Training(Protocol):
    """Trains the desk's models."""

    async def start(self, seed: int) -> Run:
        """Begin a run and return at once. Raises `TrainingBusy`."""
        ...

    async def runs(self) -> tuple[Run, ...]:
        """Tell of every run that is known, the newest first."""
        ...

    def watch(self, run_id: str) -> AsyncIterator[Run]:
        """Tell of a run now, and of each change until its end. Raises `RunNotFound`."""
        ...
