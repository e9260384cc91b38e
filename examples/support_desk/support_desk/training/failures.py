"""What can end a run that is not a fault in the program, and the one place that words it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_desk.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = {"sklearn": "scikit-learn", "threadpoolctl": "scikit-learn"}
"""What is imported for training only, and what to install for it."""


def worded(error: Exception, models: Path) -> str:
    """Word an error for a person; empty for an error that nobody foresaw."""
    if isinstance(error, DataError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        package = PACKAGES.get((error.name or "").split(".")[0])
        return f"training needs {package}\nhint: pip install {package}" if package else ""
    if isinstance(error, OSError):
        return (
            f"the models cannot be written: {error.strerror or error}\n"
            f"  where: {error.filename or models}\n"
            "  expected: a folder to write to, on a disk with space\n"
            "hint: python -m support_desk.training --out DIR"
        )
    return ""
