"""Imports what the configuration names, and says clearly why when that fails."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amoeba.errors import ConfigurationError, Problem, did_you_mean

if TYPE_CHECKING:
    from amoeba.app.manifest import Application


def add_paths(application: Application) -> None:
    """Put the application's folder, and its `paths`, first on `sys.path`."""
    for path in reversed(search_paths(application)):
        if path not in sys.path:
            sys.path.insert(0, path)


def search_paths(application: Application) -> list[str]:
    """Where the application's code is imported from: its folder, then `[app] paths`."""
    root = Path(application.root)
    return [str(root), *(str((root / path).resolve()) for path in application.paths)]


def import_object(name: str, where: str) -> Any:
    """The object that `package.module:name` stands for.

    Raises ConfigurationError at `where`; an exception of the user's own code is its cause.
    """
    module_name, _, attribute = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name + ".").startswith(error.name + "."):
            raise ConfigurationError([_not_found(name, where, error.name)]) from None
        raise ConfigurationError([_failed(module_name, where, error)]) from error
    except Exception as error:
        raise ConfigurationError([_failed(module_name, where, error)]) from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            hint = did_you_mean(part, [n for n in dir(found) if not n.startswith("_")])
            what = f"{module_name} has no {attribute!r}"
            raise ConfigurationError([Problem(what=what, where=where, hint=hint)])
        found = getattr(found, part)
    return found


def print_user_traceback(error: BaseException) -> None:
    """Print the traceback of the user's own code, without the steps that led to importing it."""
    found = error.__traceback__
    skipped = ("importlib", str(Path(__file__).parent))
    while found is not None and any(part in found.tb_frame.f_code.co_filename for part in skipped):
        found = found.tb_next
    traceback.print_exception(error.with_traceback(found or error.__traceback__))


def loaded_object(name: str) -> Any:
    """The object when its module has been imported already; None otherwise. Imports nothing."""
    module_name, _, attribute = name.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    return found


def _not_found(name: str, where: str, missing: str) -> Problem:
    return Problem(
        what=f"there is no module {missing!r} to import {name!r} from",
        where=where,
        expected='"package.module:name", importable from the folder of amoeba.toml',
        hint="check the spelling, or add the folder of the code to [app] paths",
    )


def _failed(module_name: str, where: str, error: Exception) -> Problem:
    return Problem(
        what=f"importing {module_name} failed: {type(error).__name__}: {error}", where=where
    )
