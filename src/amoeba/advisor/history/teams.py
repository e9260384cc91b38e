"""Changes across teams: of modules of two teams, and of another team's module."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from amoeba.advisor.history.codeowners import PLACES, read_codeowners
from amoeba.advisor.history.history import Change, History, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from amoeba.advisor.history.folders import Folders
    from amoeba.advisor.history.repository import Repository


class TeamChanges(msgspec.Struct, frozen=True):
    """How often teams get into each other's modules.

    `source`: where `owners` is from, `given`, `CODEOWNERS`, or "" when nothing says who owns what.
    `crossing`: of the changes that touch a module with an owner, those that touch modules of
    owners who have nobody in common. `by_others`: of those whose authors' teams are all known, the
    ones that touch a module that none of these teams owns.
    """

    source: str
    owners: dict[str, tuple[str, ...]]
    crossing: Share
    by_others: Share


def module_owners(
    repository: Repository, folders: Folders
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """The owners, by CODEOWNERS, of most of each module's files; and notes on what was skipped.

    Raises GitFailed.
    """
    for place in PLACES:
        content = repository.content(place)
        if content is not None:
            break
    else:
        return {}, []
    rules = read_codeowners(content)
    counts: dict[str, Counter[tuple[str, ...]]] = {}
    for path in sorted(repository.files):
        module = folders.module(path)
        if module:
            counts.setdefault(module, Counter())[rules.owners(path)] += 1
    most = {module: count.most_common(1)[0][0] for module, count in counts.items()}
    lines = ", ".join(map(str, rules.skipped))
    notes = [f"{place}: lines without effect: {lines}"] if lines else []
    return {module: owners for module, owners in most.items() if owners}, notes


def team_changes(
    history: History,
    teams: Mapping[str, Iterable[str]] | None = None,
    members: Mapping[str, Iterable[str]] | None = None,
) -> TeamChanges:
    """Changes across teams, by `{team: modules}`, otherwise by CODEOWNERS.

    `members` has `{team: emails}`, its teams named as the owners are.
    """
    owners = _given(teams) if teams else history.owners
    known = {email.lower(): set[str]() for emails in (members or {}).values() for email in emails}
    for team, emails in (members or {}).items():
        for email in emails:
            known[email.lower()].add(team)
    owned = [change for change in history.changes if not owners.keys().isdisjoint(change.modules)]
    authored = [
        change
        for change in owned
        if change.authors and all(author in known for author in change.authors)
    ]
    return TeamChanges(
        source="given" if teams else "CODEOWNERS" if owners else "",
        owners=dict(owners),
        crossing=Share(sum(_crosses(change, owners) for change in owned), len(owned)),
        by_others=Share(
            sum(_by_others(change, owners, known) for change in authored), len(authored)
        ),
    )


def _given(teams: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    owners: dict[str, tuple[str, ...]] = {}
    for team, modules in teams.items():
        for module in modules:
            owners[module] = (*owners.get(module, ()), team)
    return owners


def _crosses(change: Change, owners: Mapping[str, tuple[str, ...]]) -> bool:
    touched = [set(owners[module]) for module in change.modules if module in owners]
    return any(one.isdisjoint(other) for one in touched for other in touched)


def _by_others(
    change: Change, owners: Mapping[str, tuple[str, ...]], known: Mapping[str, set[str]]
) -> bool:
    teams = {team for author in change.authors for team in known[author]}
    return any(teams.isdisjoint(owners[module]) for module in change.modules if module in owners)
