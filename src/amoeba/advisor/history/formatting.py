"""Commits that change how code looks, everywhere at once: they say nothing of how modules depend.

Known by their size: most of the modules' files, each changed a little, with about as many lines
added as deleted. Those that look otherwise are listed in `.git-blame-ignore-revs`, as for git.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from amoeba.advisor.history.commits import FileChange

IGNORED = ".git-blame-ignore-revs"
FEWEST_FILES, SHARE_OF_FILES = 20, 0.3
_MOST_LINES, _SLACK, _SHARE_ALIKE = 20, 2, 0.9
_HASH = re.compile(r"^\s*([0-9a-fA-F]{40}(?:[0-9a-fA-F]{24})?)\s*(?:#.*)?$", re.M)


def ignored_revisions(content: str | None) -> frozenset[str]:
    """The commits that a `.git-blame-ignore-revs` lists: whole hashes, `#` begins a comment."""
    return frozenset(found.lower() for found in _HASH.findall(content or ""))


def is_mass_formatting(files: Collection[FileChange], all_files: int) -> bool:
    """Whether a commit that changed these files of the modules, of so many, is mass formatting."""
    if len(files) < max(FEWEST_FILES, SHARE_OF_FILES * all_files):
        return False
    return sum(map(_is_small_and_balanced, files)) >= _SHARE_ALIKE * len(files)


def _is_small_and_balanced(file: FileChange) -> bool:
    """Added and deleted lines differ by a quarter of both, or by two, at most."""
    lines = file.added + file.deleted
    return (
        file.added > 0
        and file.deleted > 0
        and lines <= _MOST_LINES
        and abs(file.added - file.deleted) <= max(_SLACK, lines / 4)
    )
