"""What was read of a history: its changes by module. Counts, and what was left out of them."""

from __future__ import annotations

import msgspec

from amoeba.load.intervals import share_bounds


class Share(msgspec.Struct, frozen=True):
    """So many of so many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """From 0 to 1; None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Where the true share is with 95 % confidence, were changes independent (Wilson)."""
        return share_bounds(self.of, self.count)


class Lines(msgspec.Struct, frozen=True):
    """How many lines of text were added and deleted; binary files have none."""

    added: int = 0
    deleted: int = 0


class Change(msgspec.Struct, frozen=True):
    """One change of the application.

    `at_s`: when its author made it, since the epoch. `authors`: emails, after `.mailmap`. `modules`
    has the lines of each module that it touches. `shared`: it touches code beside the modules.
    `squashed`: it stands for a whole branch.
    """

    commit: str
    at_s: int
    authors: tuple[str, ...]
    modules: dict[str, Lines]
    shared: bool = False
    squashed: bool = False


class LeftOut(msgspec.Struct, frozen=True):
    """Commits that are no changes: how many of each kind.

    `beginnings` have no parent, or none that a shallow clone has. `elsewhere` touched none of the
    application's code.
    """

    merges: int = 0
    beginnings: int = 0
    bots: int = 0
    formatting: int = 0
    elsewhere: int = 0


class Conflicts(msgspec.Struct, frozen=True):
    """Merges of the history, made again as git makes them by itself.

    `conflicted` counts those of `replayed` that had conflicts, `modules` those with a conflict in
    a module's file. `not_replayed`: more than two parents, or git failed. `missing` says why there
    are none, `cut_short` that the time was up before `merges`, the newest so many, were all done.
    """

    merges: int = 0
    replayed: int = 0
    conflicted: int = 0
    modules: dict[str, int] = {}
    not_replayed: int = 0
    cut_short: bool = False
    missing: str = ""

    @property
    def share(self) -> Share:
        """The share of merges that had conflicts."""
        return Share(self.conflicted, self.replayed)


class History(msgspec.Struct, frozen=True):
    """What git knows of an application's modules; `missing` says why when it knows nothing.

    `notes` say what the figures are limited by. `commits` were read; `changes`, the newest first,
    are those that touch the application, `began_s` and `ended_s` the times of the first and the
    last of them. `owners` has what CODEOWNERS says of each module's files, most of them.
    """

    modules: tuple[str, ...]
    missing: str = ""
    notes: tuple[str, ...] = ()
    commits: int = 0
    changes: tuple[Change, ...] = ()
    left_out: LeftOut = LeftOut()
    conflicts: Conflicts = Conflicts()
    owners: dict[str, tuple[str, ...]] = {}

    @property
    def of_modules(self) -> tuple[Change, ...]:
        """The changes that touch a module: what every share is a share of."""
        return tuple(change for change in self.changes if change.modules)

    @property
    def squashed(self) -> int:
        """How many of the changes stand for a whole branch."""
        return sum(change.squashed for change in self.changes)

    @property
    def began_s(self) -> int | None:
        """When the first change was made, since the epoch."""
        return min((change.at_s for change in self.changes), default=None)

    @property
    def ended_s(self) -> int | None:
        """When the last change was made, since the epoch."""
        return max((change.at_s for change in self.changes), default=None)
