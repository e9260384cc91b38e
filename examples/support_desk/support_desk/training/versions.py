"""Versions of the models on disk, one folder each, of which `current` names one.

A version is drafted in a folder that nobody reads, renamed when it is whole, and named last; a run
that dies at any point leaves the old version current. The newest few are kept to go back to.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from support_desk.folders import CURRENT, VERSION, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

KEPT = 5
DRAFT = ".draft-"


@contextmanager
def drafted(models: Path) -> Iterator[Path]:
    """Make an empty folder for a version, and remove what was not published of it."""
    models.mkdir(parents=True, exist_ok=True)
    for left in models.glob(f"{DRAFT}*"):  # of a run that was killed: only one goes on at a time
        shutil.rmtree(left, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=models))
    try:
        draft.chmod(0o755)  # a temporary folder is its owner's only
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def named(models: Path, at: datetime, digest: str) -> str:
    """Name a new version by its time (in UTC) and the digest of its data and seed."""
    name = f"{at:%Y%m%dT%H%M%SZ}-{digest[:8]}"
    numbers = [_number(one) for one in versions(models) if one[: len(name)] == name]
    return f"{name}-{max(numbers) + 1}" if numbers else name


def publish(models: Path, draft: Path, name: str) -> None:
    """Make a draft a version and the current one; raises `OSError`, and the old one stays."""
    draft.rename(models / name)
    try:
        replace(models / CURRENT, f"{name}\n".encode())
    except BaseException:
        shutil.rmtree(models / name, ignore_errors=True)
        raise
    for old in versions(models)[KEPT:]:
        if old != name:
            shutil.rmtree(models / old, ignore_errors=True)


def versions(models: Path) -> list[str]:
    """Name the versions that are there, the newest first."""
    names: list[str] = []
    with suppress(FileNotFoundError):
        names = [path.name for path in models.iterdir() if VERSION.fullmatch(path.name)]
    return sorted(names, key=_age, reverse=True)


def _age(name: str) -> tuple[str, int, str]:
    time, digest, *_ = name.split("-")
    return time, _number(name), digest


def _number(name: str) -> int:
    _, _, *number = name.split("-")
    return int(number[0]) if number else 1
