"""What a file of the past is called today."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from amoeba.advisor.history.commits import Commit


class Renames:
    """The renames of a history: of its commits, the newest first, and the files there are today."""

    def __init__(self, commits: Iterable[Commit], present: Collection[str]) -> None:
        self._present = present
        self._now: dict[str, str] = {}
        self._ever: dict[str, str] = {}
        self._paths = {commit.hash: self._take(commit) for commit in commits}

    def paths(self, commit: Commit) -> list[str]:
        """What the files of one of the commits are called today, in its order."""
        known = zip(commit.files, self._paths[commit.hash], strict=True)
        return [self.today(file.path) if path is None else path for file, path in known]

    def today(self, path: str) -> str:
        """A path by any rename that ever led away from it, unless there still is such a file.

        Where commits are on two branches, an edit can be newer than the rename that it must follow.
        """
        return path if path in self._present else self._ever.get(path, path)

    def _take(self, commit: Commit) -> list[str | None]:
        """What the files are called by the renames of newer commits; None where none says."""
        paths = [self._now.get(file.path) for file in commit.files]
        for file in commit.files:
            if file.old:
                # What older commits have at the new path is another file, gone since.
                self._now[file.path] = file.path
        for file, path in zip(commit.files, paths, strict=True):
            if file.old:
                self._now[file.old] = path or file.path
                self._ever.setdefault(file.old, path or file.path)
        return paths
