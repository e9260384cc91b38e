"""Whether the interpreter that a process names is able to run a replica."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from amoeba._version import __version__
from amoeba.errors import Problem

if TYPE_CHECKING:
    from amoeba.app import Application
    from amoeba.topology import Topology

_ASK = (
    "import json, sys\n"
    "try:\n"
    "    from amoeba._version import __version__ as version\n"
    "except ImportError:\n"
    "    version = ''\n"
    "print(json.dumps([list(sys.version_info[:2]), version]))\n"
)
_TIMEOUT_S = 30


def interpreter_of(application: Application, python: str | None) -> str:
    """The path of a process's interpreter; relative ones start at the application's folder."""
    return sys.executable if python is None else str(Path(application.root) / python)


def interpreter_problems(application: Application, topology: Topology) -> list[Problem]:
    """What is wrong with the interpreters that a topology names."""
    problems = []
    for process in topology.processes:
        if process.python is not None:
            what, hint = _wrong(interpreter_of(application, process.python))
            where = f"topologies.{topology.name}.processes.{process.name}.python"
            if what:
                problems.append(Problem(what=f"{process.python}: {what}", where=where, hint=hint))
    return problems


def _wrong(path: str) -> tuple[str, str]:
    install = f"{path} -m pip install amoeba=={__version__}"
    try:
        asked = subprocess.run(  # noqa: S603 - the user's own configuration names it
            [path, "-c", _ASK], capture_output=True, timeout=_TIMEOUT_S, check=True
        )
        version_info, version = msgspec.json.decode(asked.stdout, type=tuple[list[int], str])
    except FileNotFoundError:
        return "there is no such interpreter", f"python3 -m venv {Path(path).parent.parent}"
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError) as error:
        return f"cannot be asked for its version: {error}", ""
    if version_info < [3, 11]:
        return f"is Python {version_info[0]}.{version_info[1]}", "Amoeba needs Python 3.11 or newer"
    if not version:
        return "has no Amoeba installed", install
    if version != __version__:
        return f"has Amoeba {version}, this is {__version__}", install
    return "", ""
