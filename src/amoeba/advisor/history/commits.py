"""Commits as `git log` prints them, the newest first.

Every part ends with NUL, so that names and messages may hold anything else:

    commit HASH | parents | time | name | email | message | (empty) | files…

where a file is `added TAB deleted TAB path`, of a renamed one with an empty path, and the old and
the new path in two parts of their own. `-` stands for the lines of a binary file.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from amoeba.advisor.history.git import Git, GitFailed, reason, text

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMAT = "tformat:commit %H%x00%P%x00%at%x00%aN%x00%aE%x00%B%x00"
_HEADER = b"commit "
_FIELDS = 6
_MOST_RENAMED = 1000  # added files times deleted ones, its root: beyond it git looks for no renames
_LOG = (
    "log",
    "-z",
    "--numstat",
    "-M",
    f"-l{_MOST_RENAMED}",
    f"-O{os.devnull}",
    "--no-color",
    "--no-notes",
    "--no-show-signature",
    "--encoding=UTF-8",
    f"--format={_FORMAT}",
)


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to a file. `old` is the path it had before, when it was renamed."""

    path: str
    added: int
    deleted: int
    old: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; of a merge the files are not known. `at_s`: when its author made it."""

    hash: str
    parents: tuple[str, ...]
    at_s: int
    name: str
    email: str
    message: str
    files: tuple[FileChange, ...]


def read_commits(
    git: Git, most: int, since_s: float | None, timeout_s: float
) -> tuple[list[Commit], str]:
    """The newest commits, and why git stopped before all of them were read, if it did.

    Raises GitFailed when it gave none.
    """
    since = [] if since_s is None else [f"--since=@{int(since_s)}"]
    answer = git.ask(*_LOG, f"-n{most}", *since, "HEAD", "--", timeout_s=timeout_s)
    stopped = "" if answer.code == 0 else reason("log", answer.error)
    commits = list(parse_commits(answer.out, whole=not stopped))
    if stopped and not commits:
        raise GitFailed(stopped)
    return commits, stopped


def parse_commits(printed: bytes, *, whole: bool = True) -> Iterator[Commit]:
    """The commits in what `git log` printed; the last one is left out unless it is whole."""
    parts = iter(printed.split(b"\0")[:-1])
    header: list[bytes] = []
    files: list[FileChange] = []
    for part in parts:
        start = part.lstrip(b"\n")
        if not start.startswith(_HEADER):
            files += _file(start, parts)
            continue
        if header:
            yield _commit(header, files)
        header, files = [start, *islice(parts, _FIELDS - 1)], []
    if header and whole:
        yield _commit(header, files)


def _file(part: bytes, parts: Iterator[bytes]) -> list[FileChange]:
    added, _, rest = part.partition(b"\t")
    deleted, tab, path = rest.partition(b"\t")
    if not tab:
        return []
    old = b""
    if not path:
        old, path = next(parts, b""), next(parts, b"")
    return [FileChange(text(path), _lines(added), _lines(deleted), text(old))]


def _lines(count: bytes) -> int:
    return 0 if count == b"-" else int(count)


def _commit(header: list[bytes], files: list[FileChange]) -> Commit:
    name, parents, at_s, author, email, message = header
    return Commit(
        hash=name.removeprefix(_HEADER).decode(),
        parents=tuple(parents.decode().split()),
        at_s=int(at_s or 0),
        name=author.decode(errors="replace"),
        email=email.decode(errors="replace").lower(),
        message=message.decode(errors="replace"),
        files=tuple(files),
    )
