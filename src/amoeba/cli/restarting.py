"""`amoeba restart`: new code and new models, without a stop of the rest."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amoeba.cli.seeing import DEFAULT_CONFIG, Config
from amoeba.errors import AmoebaError, ConfigurationError, Problem, did_you_mean

if TYPE_CHECKING:
    from amoeba.runtime import Status
    from amoeba.supervisor import RunInfo


def restart(
    names: Annotated[
        list[str] | None, typer.Argument(help="Modules or processes; all if none is named.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    pid: Annotated[
        int | None, typer.Option(help="Of several runs the one with this supervisor.")
    ] = None,
) -> None:
    """Start processes of the running application anew, one replica after the other."""
    import asyncio

    from amoeba.app import read_application
    from amoeba.cli.output import fail
    from amoeba.cli.status import running

    try:
        runs = running(read_application(config))
        folder, info = _chosen_run(runs, pid)
        asyncio.run(_restart(folder, info, names or []))
    except ConfigurationError as error:
        fail(error, 2)
    except AmoebaError as error:
        fail(error, 1)


async def _restart(folder: Path, info: RunInfo, names: list[str]) -> None:
    from amoeba.cli.output import tell
    from amoeba.supervisor.asking import ask_restart, ask_status

    shape = _shape(await ask_status(folder, info))
    for process in _chosen(shape, names, info.topology):
        began = time.monotonic()
        await ask_restart(folder, info, process)
        took_s = time.monotonic() - began
        tell(f"amoeba: {process} restarted in {took_s:.1f} s: {', '.join(shape[process])}")


def _chosen_run(runs: list[tuple[Path, RunInfo]], pid: int | None) -> tuple[Path, RunInfo]:
    """The run that is meant: the ordinary one, or the first. Raises ConfigurationError."""
    for folder, info in runs:
        if pid is None or info.pid == pid:
            return folder, info
    known = ", ".join(str(info.pid) for _, info in runs)
    raise ConfigurationError([Problem(f"no run has the supervisor {pid}", "--pid", known)])


def _shape(status: Status) -> dict[str, tuple[str, ...]]:
    """The modules of each process."""
    return {each.process: each.modules for each in status.replicas}


def _chosen(shape: dict[str, tuple[str, ...]], names: list[str], topology: str) -> list[str]:
    """The processes that are meant. Raises ConfigurationError for a name of nothing."""
    owner = {module: process for process, modules in shape.items() for module in modules}
    known = owner | {process: process for process in shape}
    problems = [
        Problem(
            f"topology {topology!r} has neither a module nor a process {name!r}",
            "NAMES",
            hint=did_you_mean(name, known),
        )
        for name in names
        if name not in known
    ]
    if problems:
        raise ConfigurationError(problems)
    return list(dict.fromkeys(known[name] for name in names)) or list(shape)
