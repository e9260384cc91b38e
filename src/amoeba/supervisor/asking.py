"""Asking a running supervisor: its status, to stop."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from amoeba.runtime.control import SOCKET_NAME
from amoeba.runtime.link import SupervisorLink

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from amoeba.runtime import Status, Supervision
    from amoeba.supervisor.rundir import RunInfo


@contextmanager
def asking(folder: Path, info: RunInfo) -> Iterator[Supervision]:
    """The supervisor of the run in `folder`, to be called on this event loop."""
    address = f"unix:{folder / SOCKET_NAME}"
    link = SupervisorLink(info.application, address, info.token, "cli")
    try:
        yield link.supervision
    finally:
        link.close()


async def ask_status(folder: Path, info: RunInfo) -> Status:
    """How the application runs. Raises Unavailable when the run has ended."""
    with asking(folder, info) as supervision:
        return await supervision.status()


async def ask_stop(folder: Path, info: RunInfo) -> None:
    """Drain and stop everything; returns at once."""
    with asking(folder, info) as supervision:
        await supervision.stop()
