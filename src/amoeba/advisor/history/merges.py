"""Merges of the history made again, to see which of them git could not make by itself.

`git merge-tree --write-tree` merges two commits without a work tree. The objects that it writes go
to a temporary folder beside which it reads the repository's, so the repository stays as it is.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections import Counter
from typing import TYPE_CHECKING

from amoeba.advisor.history.git import Git, GitFailed, text
from amoeba.advisor.history.history import Conflicts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amoeba.advisor.history.commits import Commit
    from amoeba.advisor.history.repository import Repository

_SINCE_VERSION = (2, 38)
_CLEAN, _CONFLICTED = 0, 1
_TWO = 2
_OPTIONS = ("-c", "merge.renames=true", "-c", "merge.renormalize=false")
_COMMAND = (*_OPTIONS, "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z")
# What git does for a file for which no driver is configured.
_PLAIN_DRIVER = "git merge-file -q --marker-size=%L %A %O %B"


def replay_merges(
    repository: Repository,
    merges: Sequence[Commit],
    module: Callable[[str], str],
    timeout_s: float,
) -> Conflicts:
    """Make these merges again, in order, until the time is up. `module` finds a path's."""
    if not merges:
        return Conflicts()
    try:
        _check_version(repository.git)
        with tempfile.TemporaryDirectory(prefix="amoeba-") as scratch:
            found = list(_replayed(repository, merges, scratch, timeout_s))
    except (OSError, GitFailed) as error:
        return Conflicts(len(merges), missing=str(error))
    replayed = [paths for paths in found if paths is not None]
    touched = [{module(path) for path in paths} - {""} for paths in replayed]
    return Conflicts(
        merges=len(merges),
        replayed=len(replayed),
        conflicted=sum(map(bool, replayed)),
        modules=dict(Counter(each for modules in touched for each in sorted(modules))),
        not_replayed=len(found) - len(replayed),
        cut_short=len(found) < len(merges),
    )


def _replayed(
    repository: Repository, merges: Sequence[Commit], scratch: str, timeout_s: float
) -> Iterator[list[str] | None]:
    """The paths that conflict in each merge, until the time is up; None where git cannot say."""
    ends = time.monotonic() + timeout_s
    variables = _variables(repository, scratch)
    for merge in merges:
        left_s = ends - time.monotonic()
        if left_s <= 0:
            return
        paths = _conflicting(repository, merge, variables, left_s)
        if paths is None and time.monotonic() >= ends:
            return
        yield paths


def _check_version(git: Git) -> None:
    found = re.search(rb"(\d+)\.(\d+)", git.read("version"))
    if found and (int(found[1]), int(found[2])) < _SINCE_VERSION:
        raise GitFailed(f"git is {found[0].decode()}: replaying merges needs 2.38")


def _conflicting(
    repository: Repository, merge: Commit, variables: Mapping[str, str], timeout_s: float
) -> list[str] | None:
    """The paths that conflict, or None when the merge cannot be made again."""
    if len(merge.parents) != _TWO:
        return None
    answer = repository.git.ask(*_COMMAND, *merge.parents, timeout_s=timeout_s, variables=variables)
    if answer.code not in (_CLEAN, _CONFLICTED):
        return None
    _tree, *paths = answer.out.split(b"\0")
    return [text(path) for path in paths if path]


def _variables(repository: Repository, scratch: str) -> dict[str, str]:
    objects = str(repository.objects())
    if os.pathsep in objects or objects.startswith('"'):
        objects = '"' + re.sub(r'(["\\])', r"\\\1", objects) + '"'
    folders = {"GIT_OBJECT_DIRECTORY": scratch, "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects}
    return folders | _without_drivers(repository)


def _without_drivers(repository: Repository) -> dict[str, str]:
    """Settings by which no program that the user configured for merging is run."""
    found = repository.git.ask(
        "config", "-z", "--name-only", "--get-regexp", r"^merge\..*\.driver$"
    )
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    variables: dict[str, str] = {}
    for name in filter(None, found.out.split(b"\0")):
        variables[f"GIT_CONFIG_KEY_{count}"] = text(name)
        variables[f"GIT_CONFIG_VALUE_{count}"] = _PLAIN_DRIVER
        count += 1
    return variables | {"GIT_CONFIG_COUNT": str(count)} if variables else {}
