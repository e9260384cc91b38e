"""Where the application keeps its files, whatever the working directory of a process is."""

from __future__ import annotations

import os
from pathlib import Path

APPLICATION = Path(__file__).resolve().parent.parent
"""The folder with `amoeba.toml`."""


def models() -> Path:
    """Name the folder of trained models: `SUPPORT_DESK_MODELS`, or `models` in the application."""
    named = os.environ.get("SUPPORT_DESK_MODELS")
    return Path(named).absolute() if named else APPLICATION / "models"


def resolved(setting: str) -> Path:
    """Turn a path from `amoeba.toml` into an absolute one; what is under `models` follows it."""
    path = Path(setting)
    if path.parts[:1] == ("models",):
        return models().joinpath(*path.parts[1:])
    return APPLICATION / path
