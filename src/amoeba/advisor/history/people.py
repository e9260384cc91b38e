"""Who made a commit: people and bots, and whether it stands for a whole branch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amoeba.advisor.history.git import Git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from amoeba.advisor.history.commits import Commit

_BOTS = {
    "allcontributors",
    "dependabot",
    "dependabot-preview",
    "github-actions",
    "github-merge-queue",
    "gitlab-bot",
    "greenkeeper",
    "mergify",
    "pre-commit-ci",
    "pyup-bot",
    "renovate",
    "renovate-bot",
    "semantic-release-bot",
    "snyk-bot",
    "weblate",
    "web-flow",
}
_CO_AUTHOR = re.compile(r"^co-authored-by:[ \t]*(.*?)[ \t]*<([^<>\s]+)>[ \t]*$", re.I | re.M)
_PULL_REQUEST = re.compile(r"\((?:pull request )?[#!]\d+\)$")
_ITEM = re.compile(r"^[*] \S", re.M)
_MANY = 2
_CONTACT = re.compile(r".*<([^<>]*)>\Z", re.S)


@dataclass(frozen=True)
class People:
    """Tells people from bots. `bots`: parts of names or emails, in any case, besides those known.

    `mapped` has what `.mailmap` makes of those named in messages.
    """

    bots: tuple[str, ...]
    mapped: dict[tuple[str, str], tuple[str, str]]

    def is_bot(self, name: str, email: str) -> bool:
        """Whether it is a program that commits by itself."""
        whole = f"{name} <{email}>".lower()
        local = email.lower().partition("@")[0].rpartition("+")[2]
        known = "-".join(name.lower().split()) in _BOTS or local in _BOTS
        return known or "[bot]" in whole or any(bot.lower() in whole for bot in self.bots)

    def authors(self, commit: Commit) -> tuple[str, ...]:
        """The emails of its author and of those who wrote it with them, without bots."""
        every = [(commit.name, commit.email)]
        every += [self.mapped.get(person, person) for person in co_authors(commit)]
        return tuple(dict.fromkeys(email for name, email in every if not self.is_bot(name, email)))


def read_people(git: Git, commits: Iterable[Commit], bots: Sequence[str]) -> People:
    """The people of these commits; `.mailmap` holds for those who are named in messages too.

    Raises GitFailed.
    """
    people = sorted({person for commit in commits for person in co_authors(commit)})
    if not people:
        return People(tuple(bots), {})
    contacts = "".join(f"{name} <{email}>\n" for name, email in people)
    answer = git.ask("check-mailmap", "--stdin", given=contacts.encode())
    lines = answer.out.decode(errors="replace").split("\n")[:-1]
    if answer.code != 0 or len(lines) != len(people):
        return People(tuple(bots), {})
    mapped = {
        person: (line.partition(" <")[0], found[1].lower())
        for person, line in zip(people, lines, strict=True)
        if (found := _CONTACT.match(line))
    }
    return People(tuple(bots), mapped)


def co_authors(commit: Commit) -> list[tuple[str, str]]:
    """Names and emails in the `Co-authored-by` lines of a commit."""
    return [(name, email.lower()) for name, email in _CO_AUTHOR.findall(commit.message)]


def is_squashed(commit: Commit) -> bool:
    """Whether a branch was made one commit: named by its pull request, or a list of commits."""
    subject, _, body = commit.message.lstrip("\n").partition("\n")
    if _PULL_REQUEST.search(subject.rstrip()):
        return True
    return len(_ITEM.findall(body)) >= _MANY or len(co_authors(commit)) >= _MANY
