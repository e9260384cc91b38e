"""The repository that an application's folder is in, and what its newest commit holds."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from amoeba.advisor.history.git import Answer, Git, GitFailed, reason, text

_LIST_S = 30.0


@dataclass(frozen=True)
class Repository:
    """The repository; `git` runs at its top.

    `prefix` is the application's folder within it, with a slash at its end, or empty. `files` are
    all those of the newest commit, by their paths from the top.
    """

    git: Git
    prefix: str
    shallow: bool
    files: frozenset[str]

    def content(self, path: str) -> str | None:
        """A file of the newest commit, or None when it has no such file. Raises GitFailed."""
        if path not in self.files:
            return None
        return self.git.read("cat-file", "blob", f"HEAD:{path}").decode(errors="replace")

    def is_partial(self) -> bool:
        """Whether it is a partial clone, which lacks files until they are asked for."""
        return self.git.ask("config", "--get-regexp", r"^remote\..*\.promisor$").code == 0

    def objects(self) -> Path:
        """The folder of its objects. Raises GitFailed."""
        found = text(self.git.read("rev-parse", "--git-path", "objects").removesuffix(b"\n"))
        return Path(os.path.realpath(self.git.folder / found))


def open_repository(root: Path) -> Repository:
    """The repository around a folder. Raises GitFailed: no git, no repository, no commit."""
    git = Git.find(root)
    answer = git.ask("rev-parse", "--is-shallow-repository", "--show-prefix", "--show-cdup")
    if answer.code != 0:
        raise GitFailed(_no_repository(root, answer))
    if git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}").code != 0:
        raise GitFailed("the repository has no commit yet")
    # Only the prefix may have a line's end in it; without a work tree there is but an empty line.
    others, _, up = answer.out.removesuffix(b"\n").rpartition(b"\n")
    shallow, _, prefix = others.partition(b"\n")
    # From further down, git would tell some paths from there.
    top = Git(root / text(up), git.executable)
    listed = top.read("ls-tree", "-r", "-z", "--name-only", "HEAD", timeout_s=_LIST_S)
    files = frozenset(text(path) for path in listed.split(b"\0") if path)
    return Repository(top, text(prefix), shallow == b"true", files)


def _no_repository(root: Path, answer: Answer) -> str:
    if "not a git repository" in answer.error:
        return f"{root} is in no git repository"
    if "dubious ownership" in answer.error:
        hint = "git config --global --add safe.directory FOLDER"
        return f"{root} is in another user's repository ({hint})"
    return reason("rev-parse", answer.error)
