from __future__ import annotations

import pytest
from history_repo import ANN, BEN

from amoeba.advisor.history import churn
from amoeba.advisor.history.commits import Commit
from amoeba.advisor.history.people import People, is_squashed


def authors(history):
    return [change.authors for change in history.changes]


@pytest.mark.parametrize(
    "bot",
    [
        "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
        "Renovate Bot <bot@renovateapp.com>",
        "github-actions <github-actions@github.com>",
        "Release <41898282+github-actions@users.noreply.github.com>",
        "pre-commit-ci <ci@example.org>",
    ],
)
def test_bots_are_known_by_name_and_by_email(bot):
    name, _, email = bot.rstrip(">").rpartition(" <")
    assert People((), {}).is_bot(name, email)


def test_commits_of_bots_are_left_out(repo, read):
    repo.touch("app/orders/a.py", by="dependabot[bot] <dependabot[bot]@example.org>")
    repo.touch("app/orders/a.py")
    history = read()
    assert authors(history) == [("ann@example.org",)]
    assert history.left_out.bots == 1


def test_people_are_no_bots_for_having_one_in_their_name():
    assert not People((), {}).is_bot("Abbot Talbot", "talbot@robots.example")


def test_further_bots_can_be_named(repo, read):
    repo.touch("app/orders/a.py", by="Nightly Job <jobs@example.org>")
    assert read().left_out.bots == 0
    assert read(bots=["JOBS@example"]).left_out.bots == 1


def test_a_bot_s_commit_with_a_person_behind_it_counts_as_the_person_s(repo, read):
    message = "Raise limits\n\nCo-authored-by: Ben <BEN@example.org>\n"
    repo.touch("app/orders/a.py", message=message, by="helper[bot] <1+helper[bot]@example.org>")
    assert authors(read()) == [("ben@example.org",)]


def test_the_mailmap_holds_for_authors_and_for_co_authors(repo, read):
    repo.write({".mailmap": "Ann <ann@example.org> <ann@home.example>\n"})
    repo.touch("app/orders/a.py", by="ann <Ann@Home.example>")
    repo.touch("app/orders/a.py", by=ANN)
    message = "Pair\n\nCo-authored-by: A. <ann@home.example>\nco-authored-by: Odd> <x\n"
    repo.touch("app/orders/a.py", message=message, by=BEN)
    history = read()
    assert authors(history) == [
        ("ben@example.org", "ann@example.org"),
        ("ann@example.org",),
        ("ann@example.org",),
    ]
    assert churn(history)[1].authors == 2


@pytest.mark.parametrize(
    ("message", "squashed"),
    [
        ("Add refunds (#123)", True),
        ("Add refunds (!45)", True),
        ("Merged in refunds (pull request #7)", True),
        ("Add refunds\n\n* first try\n\n* tests\n", True),
        ("Work\n\nCo-authored-by: Ben <ben@x.org>\nCo-authored-by: Eve <eve@x.org>\n", True),
        ("Add refunds", False),
        ("Add refunds, see (#123) for why", False),
        ("Fix #123", False),
        ("Add refunds\n\n* the only point\n", False),
        ("Pair\n\nCo-authored-by: Ben <ben@x.org>\n", False),
    ],
)
def test_a_squashed_branch_is_known_by_its_message(message, squashed):
    commit = Commit("aa", ("bb",), 0, "Ann", "ann@example.org", message, ())
    assert is_squashed(commit) is squashed


def test_a_squashed_branch_is_one_change_of_all_its_authors(repo, read):
    message = (
        "Add refunds (#9)\n\n* one\n\n* two\n\n---------\n\n"
        "Co-authored-by: Ben <ben@example.org>\nCo-authored-by: Ann <ann@example.org>\n"
        "Co-authored-by: dependabot[bot] <d[bot]@example.org>\n"
    )
    repo.touch("app/orders/a.py", message=message, by=ANN)
    history = read()
    assert authors(history) == [("ann@example.org", "ben@example.org")]
    assert history.squashed == 1
