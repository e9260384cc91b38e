"""Where the application keeps its files, whatever the working directory of a process is.

::

    models/
      current                 the name of the version that is served, nothing else
      <version>/report.json   what it was trained on and how well it does
      <version>/classifier/   a folder per model
      <version>/extractor/
      runs/                   what training tells of its runs
      .training               held by the run that goes on

A version never changes once it is there, and `current` changes in one step: whoever resolves a
folder finds the models of one run of training, all of them.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from support_desk.errors import ModelError, Problem

APPLICATION = Path(__file__).resolve().parent.parent
"""The folder with `amoeba.toml`."""

CURRENT = "current"
VERSION = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}(-\d+)?")
"""The name of a version: when it was trained, and the digest of the data and the seed."""


def models() -> Path:
    """Name the folder of trained models: `SUPPORT_DESK_MODELS`, or `models` in the application."""
    named = os.environ.get("SUPPORT_DESK_MODELS")
    return Path(named).absolute() if named else APPLICATION / "models"


def resolved(setting: str) -> Path:
    """Turn a path from `amoeba.toml` into an absolute one.

    `models` is the folder of models, and what is under it is looked for in the current version;
    raises `ModelError` where there is none.
    """
    path = Path(setting)
    if path.parts == ("models",):
        return models()
    if path.parts[:1] == ("models",):
        return current(models()).joinpath(*path.parts[1:])
    return APPLICATION / path


def current(folder: Path) -> Path:
    """Name the folder of the version that is served; raises `ModelError` where there is none."""
    path = folder / CURRENT
    name = read(path, "the name of the current models").decode("utf-8", "replace").strip()
    if not VERSION.fullmatch(name):
        raise damaged("the name of the current models", path, f"it says {name[:40]!r}")
    return folder / name


def read(path: Path, whose: str) -> bytes:
    """Read a file that training wrote; raises `ModelError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise unusable(whose, "is missing", path, "a file written by training") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(whose, f"cannot be read: {reason}", path, "a readable file") from error


def replace(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, then put it in its place: all of it or nothing."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        new = Path(file.name)
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            new.chmod(0o644)  # a temporary file is its owner's only
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


def sha256(*contents: bytes) -> str:
    """Give the SHA-256 of the contents, one after the other, in hexadecimal."""
    return hashlib.sha256(b"".join(contents)).hexdigest()


def damaged(whose: str, path: Path, reason: str) -> ModelError:
    """Make the error for a file whose contents are not what training wrote."""
    return unusable(whose, f"is damaged: {reason}", path, "the file as training wrote it")


def unusable(whose: str, what: str, path: Path, expected: str) -> ModelError:
    """Make the error for a file that is no good; `what` goes on from `whose`."""
    return ModelError(Problem(f"{whose} {what}", str(path), expected))
