"""`amoeba status` and `amoeba stop`: talking to a running supervisor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from amoeba.errors import AmoebaError
from amoeba.supervisor import find_runs, wait_until_gone
from amoeba.supervisor.asking import ask_status, ask_stop

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.app import Application
    from amoeba.runtime import Status
    from amoeba.supervisor import RunInfo


class NotRunning(AmoebaError):  # noqa: N818 - says what is the case
    """No supervisor of this user runs the application."""

    application: str

    def __init__(self, application: str) -> None:
        self.application = application
        super().__init__(application)

    def __str__(self) -> str:
        return f"{self.application!r} does not run\n  hint: amoeba run"


def get_status(application: Application) -> list[Status]:
    """The status of every run of the application. Raises NotRunning."""
    return [asyncio.run(ask_status(folder, info)) for folder, info in running(application)]


def stop(application: Application, wait_s: float) -> int:
    """Ask every run to stop and wait for it; returns how many there were.

    Raises NotRunning, or TimeoutError when one does not end.
    """
    runs = running(application)
    for folder, info in runs:
        asyncio.run(ask_stop(folder, info))
    for folder, _ in runs:
        wait_until_gone(folder, wait_s)
    return len(runs)


def running(application: Application) -> list[tuple[Path, RunInfo]]:
    """The runs of the application. Raises NotRunning."""
    runs = find_runs(application)
    if not runs:
        raise NotRunning(application.name)
    return runs
