"""Reading a history: from `git log` to the changes of an application's modules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from amoeba.advisor.history.commits import Commit, read_commits
from amoeba.advisor.history.folders import Folders
from amoeba.advisor.history.formatting import IGNORED, ignored_revisions, is_mass_formatting
from amoeba.advisor.history.git import GitFailed
from amoeba.advisor.history.history import Change, History, LeftOut, Lines
from amoeba.advisor.history.merges import replay_merges
from amoeba.advisor.history.people import People, is_squashed, read_people
from amoeba.advisor.history.renames import Renames
from amoeba.advisor.history.repository import Repository, open_repository
from amoeba.advisor.history.teams import module_owners

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAYS, COMMITS, MERGES = 365.0, 10_000, 200
LOG_S, MERGES_S = 60.0, 20.0


def read_history(
    root: Path | str,
    modules: Mapping[str, Iterable[str]],
    *,
    since_days: float | None = DAYS,
    most_commits: int = COMMITS,
    most_merges: int = MERGES,
    bots: Sequence[str] = (),
    log_s: float = LOG_S,
    merges_s: float = MERGES_S,
    now: datetime | None = None,
) -> History:
    """What git knows of modules, given as `{module: paths relative to the root}`.

    Reads the commits of the last `since_days` (None: all), the newest `most_commits` at most,
    within `log_s` seconds, and replays the newest `most_merges` of their merges within `merges_s`.
    `bots` are parts of names or emails whose commits do not count, besides those known. Never
    raises for what is wrong with git or the repository: `History.missing` says it.
    """
    since_s = None
    if since_days is not None:
        since_s = ((now or datetime.now(UTC)) - timedelta(days=since_days)).timestamp()
    try:
        repository = open_repository(Path(root))
        folders = Folders(modules, repository.prefix)
        formatting = ignored_revisions(repository.content(IGNORED))
        reader = _Reader(repository, folders, formatting)
        commits, stopped = _commits(repository, most_commits, since_s, log_s)
        people = read_people(repository.git, commits, bots)
        history = reader.history(commits, people, most_merges, merges_s)
    except GitFailed as failed:
        return History(tuple(modules), missing=str(failed))
    limits = []
    if repository.shallow:
        limits.append("the clone is shallow: older commits are missing (git fetch --unshallow)")
    if stopped:
        limits.append(f"only the newest {len(commits)} commits were read: {stopped}")
    elif len(commits) == most_commits:
        limits.append(f"only the newest {most_commits} commits were read")
    return _with_notes(history, limits, since_days)


def _commits(
    repository: Repository, most: int, since_s: float | None, timeout_s: float
) -> tuple[list[Commit], str]:
    try:
        return read_commits(repository.git, most, since_s, timeout_s)
    except GitFailed as failed:
        if repository.is_partial():
            hint = "a partial clone: git fetch --refetch --no-filter"
            raise GitFailed(f"{failed} ({hint})") from None
        raise


def _with_notes(history: History, limits: list[str], since_days: float | None) -> History:
    missing = ""
    if not history.of_modules:
        when = "" if since_days is None else f" in the last {since_days:g} days"
        missing = f"no change touched a module{when}"
    return msgspec.structs.replace(history, notes=(*limits, *history.notes), missing=missing)


@dataclass(frozen=True)
class _Reader:
    """Turns commits into changes. `formatting`: commits known as such."""

    repository: Repository
    folders: Folders
    formatting: frozenset[str]

    def history(
        self, commits: Sequence[Commit], people: People, most_merges: int, merges_s: float
    ) -> History:
        """The history that these commits, the newest first, make. Raises GitFailed."""
        renames = Renames(commits, self.repository.files)
        owned = sum(bool(self.folders.module(path)) for path in self.repository.files)
        kinds: Counter[str] = Counter()
        changes: list[Change] = []
        for commit in commits:
            paths = renames.paths(commit)
            change = self._change(commit, paths, people)
            kind = self._kind(commit, paths, change, owned)
            kinds[kind] += 1
            if not kind:
                changes.append(change)
        owners, notes = module_owners(self.repository, self.folders)
        merges = [commit for commit in commits if len(commit.parents) > 1][:most_merges]

        def module(path: str) -> str:
            return self.folders.module(renames.today(path))

        return History(
            modules=self.folders.modules,
            notes=tuple(notes),
            commits=len(commits),
            changes=tuple(changes),
            left_out=LeftOut(**{kind: count for kind, count in kinds.items() if kind}),
            conflicts=replay_merges(self.repository, merges, module, merges_s),
            owners=owners,
        )

    def _change(self, commit: Commit, paths: Sequence[str], people: People) -> Change:
        lines: dict[str, Lines] = {}
        shared = False
        for file, path in zip(commit.files, paths, strict=True):
            shared = shared or self.folders.is_shared(path)
            left = self.folders.module(file.old) if file.old else ""
            if left:
                lines.setdefault(left, Lines())
            module = self.folders.module(path)
            if module:
                known = lines.get(module, Lines())
                lines[module] = Lines(known.added + file.added, known.deleted + file.deleted)
        return Change(
            commit=commit.hash,
            at_s=commit.at_s,
            authors=people.authors(commit),
            modules=lines,
            shared=shared,
            squashed=is_squashed(commit),
        )

    def _kind(self, commit: Commit, paths: Sequence[str], change: Change, owned: int) -> str:
        """Why a commit is left out, as LeftOut names it; empty when it is a change."""
        if len(commit.parents) > 1:
            return "merges"
        if not commit.parents:
            return "beginnings"
        if not change.modules and not change.shared:
            return "elsewhere"
        files = zip(commit.files, paths, strict=True)
        of_modules = [file for file, path in files if self.folders.module(path)]
        if commit.hash in self.formatting or is_mass_formatting(of_modules, owned):
            return "formatting"
        return "" if change.authors else "bots"
