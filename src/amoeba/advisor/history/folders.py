"""Which module a file belongs to.

A file belongs to the module with the longest folder that holds it. A package that a contract or an
implementation is in is its module's folder; a package that several parts of the application have
files in is nobody's, each has its files there. Tests and documentation belong to nobody.
"""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from amoeba.app import search_paths
from amoeba.topology import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amoeba.app import Application

_NOBODYS = {"test", "tests", "testing", "doc", "docs"}
_DOCUMENTS = (".md", ".rst", ".adoc")
_SEVERAL = ""


def module_paths(application: Application) -> dict[str, list[str]]:
    """Each part's folders and files, relative to the application's root.

    Empty for a module whose code is not the application's own.
    """
    claims = [(GATEWAY, application.gateway)] if application.gateway else []
    for name, spec in application.modules.items():
        claims += [(name, named) for named in (spec.implementation, spec.contract) if named]
    packages = [(owner, named.partition(":")[0]) for owner, named in claims]
    found: dict[str, set[str]] = {part: set() for part in application.parts}
    for owner, package in packages:
        others = [each for other, each in packages if other != owner]
        path = _path(application, owner, package, others)
        if path is not None:
            relative = os.path.relpath(path, application.root)
            found[owner].add(Path(relative).as_posix())
    return {owner: sorted(paths) for owner, paths in found.items()}


def _path(application: Application, owner: str, package: str, others: Iterable[str]) -> Path | None:
    """The folder or the file that a part's code stands in."""
    parts = package.split(".")
    for root in search_paths(application):
        folder = Path(root, *parts)
        file = folder.with_name(f"{parts[-1]}.py")
        if folder.is_dir():
            shared = owner == GATEWAY and _holds(package, others)
            return folder / "__init__.py" if shared else folder
        if file.is_file():
            alone = len(parts) > 1 and not _holds(".".join(parts[:-1]), others)
            return file.parent if alone else file
    return None


def _holds(package: str, others: Iterable[str]) -> bool:
    return any(f"{other}.".startswith(f"{package}.") for other in others)


def _top(path: str) -> str:
    """The outermost folder around a module's path; empty when it is one itself."""
    parts = posixpath.normpath(path).split("/")
    above = parts.count("..")
    return "/".join(parts[: above + 1]) if len(parts) > above + 1 else ""


class Folders:
    """Finds the module of a path. Paths are from the top of the repository, as git has them."""

    def __init__(self, modules: Mapping[str, Iterable[str]], prefix: str = "") -> None:
        self.modules = tuple(modules)
        self._owners: dict[str, str] = {}
        self._tops: set[str] = set()
        for module, paths in modules.items():
            for path in paths:
                whole = posixpath.normpath(posixpath.join(prefix, path))
                known = self._owners.setdefault(whole, module)
                if known != module:
                    self._owners[whole] = _SEVERAL
                top = _top(path)
                if top:
                    self._tops.add(posixpath.normpath(posixpath.join(prefix, top)))

    def module(self, path: str) -> str:
        """The module that a file belongs to, or "" when it is nobody's."""
        held_by = self._holder(path)
        if held_by is None or self._is_nobodys(path, held_by):
            return ""
        return self._owners[held_by]

    def is_shared(self, path: str) -> bool:
        """Whether it is Python code beside the modules, which any of them may use."""
        if not path.endswith(".py") or self.module(path):
            return False
        top = next((top for top in self._tops if path.startswith(f"{top}/")), None)
        return top is not None and not self._is_nobodys(path, top)

    def _holder(self, path: str) -> str | None:
        """The longest path of a module that is the file, or a folder around it."""
        while path not in self._owners:
            if path in ("", "/"):
                return "." if "." in self._owners else None
            path = posixpath.dirname(path)
        return path

    def _is_nobodys(self, path: str, folder: str) -> bool:
        inner = path.removeprefix("" if folder == "." else folder).lstrip("/")
        *folders, name = inner.split("/") if inner else [posixpath.basename(path)]
        is_test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
        in_such = not _NOBODYS.isdisjoint(map(str.lower, folders))
        return is_test or in_such or name.lower().endswith(_DOCUMENTS)
