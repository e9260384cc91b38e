"""Which code runs: a digest for each module, and for the whole application.

A module's version is a digest of the Python files of the package that its implementation stands
in, the application's that of all its Python files. So a version changes exactly when the code does,
with or without a version control system.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from amoeba.app import search_paths
from amoeba.evidence.records import Live

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amoeba.app import Application
    from amoeba.topology import Topology

_LENGTH = 12  # of a digest, in characters: no two versions of one application meet
_MOST_FILES = 5000
_NOT_CODE = {"__pycache__", "node_modules", "site-packages"}


def live(application: Application, topology: Topology) -> Live:
    """What runs, when this topology of this application is started now."""
    packages = {
        name: _package(application, spec.implementation)
        for name, spec in application.modules.items()
    }
    return Live(
        application=application.name,
        topology=topology.name,
        code=_digest(_files(Path(application.root))),
        processes={each.name: (each.modules, each.replicas) for each in topology.processes},
        versions={name: _digest(_files(folder)) for name, folder in packages.items()},
    )


def _package(application: Application, implementation: str) -> Path:
    """The folder of the package that an implementation stands in, or its own file."""
    parts = implementation.partition(":")[0].split(".")
    for root in search_paths(application):
        folder = Path(root, *parts[:-1])
        file = folder / f"{parts[-1]}.py"
        if file.is_file():
            return folder if len(parts) > 1 else file
        if Path(root, *parts).is_dir():
            return Path(root, *parts)
    return Path(application.root, *parts)


def _files(path: Path) -> list[Path]:
    """The Python files below a folder, in order; what is hidden or installed is left out."""
    if path.is_file():
        return [path]
    found: list[Path] = []
    waiting = [path]
    while waiting and len(found) < _MOST_FILES:
        try:
            inside = sorted(waiting.pop().iterdir())
        except OSError:
            continue
        for each in inside:
            if each.name[0] == "." or each.name in _NOT_CODE or each.is_symlink():
                continue
            if each.is_dir():
                if not (each / "pyvenv.cfg").exists():
                    waiting.append(each)
            elif each.suffix == ".py":
                found.append(each)
    return sorted(found)[:_MOST_FILES]


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            continue
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:_LENGTH]
