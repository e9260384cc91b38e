from __future__ import annotations

from history_repo import BEN, EVE

from amoeba.advisor.history import Share, team_changes

TEAMS = {"shop": ["orders"], "science": ["models"]}
MEMBERS = {"shop": ["Ann@example.org"], "science": ["ben@example.org"]}


def test_changes_of_two_teams_modules_cross(repo, read):
    repo.touch("app/orders/a.py", "app/models/a.py")
    repo.touch("app/orders/a.py", "app/gateway.py")
    repo.touch("app/gateway.py")
    found = team_changes(read(), TEAMS)
    assert found.source == "given"
    assert found.crossing == Share(1, 2)
    assert found.by_others == Share(0, 0)


def test_a_change_of_another_team_s_module_counts_when_its_authors_are_known(repo, read):
    repo.touch("app/orders/a.py")
    repo.touch("app/orders/a.py", by=BEN)
    repo.touch("app/models/a.py", by=EVE)
    repo.touch("app/orders/a.py", message="x\n\nCo-authored-by: Ann <ann@example.org>", by=BEN)
    repo.touch("app/orders/a.py", message="x\n\nCo-authored-by: Eve <eve@example.org>", by=BEN)
    assert team_changes(read(), TEAMS, MEMBERS).by_others == Share(1, 3)


def test_a_module_of_two_teams_is_both_s_own(repo, read):
    repo.touch("app/orders/a.py", "app/models/a.py", by=BEN)
    both = {"shop": ["orders"], "science": ["models", "orders"]}
    found = team_changes(read(), both, MEMBERS)
    assert found.owners["orders"] == ("shop", "science")
    assert (found.crossing, found.by_others) == (Share(0, 1), Share(0, 1))


def test_codeowners_says_whose_modules_are_by_most_of_their_files(repo, read):
    repo.commit(
        {
            "CODEOWNERS": "app/ @acme/shop\napp/models/ @acme/science\n/app/models/a.py @eve\n",
            **{f"app/models/{name}.py": "1\n" for name in "abc"},
            "app/orders/a.py": "1\n",
        }
    )
    history = read()
    assert history.owners == {"orders": ("@acme/shop",), "models": ("@acme/science",)}
    found = team_changes(history, members={"@acme/science": ["ann@example.org"]})
    assert found.source == "CODEOWNERS"
    assert (found.crossing, found.by_others) == (Share(1, 1), Share(1, 1))


def test_github_s_folder_comes_before_the_top_and_the_top_before_docs(repo, read):
    repo.commit({"app/orders/a.py": "1\n", "docs/CODEOWNERS": "* @docs"})
    assert read().owners["orders"] == ("@docs",)
    repo.commit({"CODEOWNERS": "* @top"})
    assert read().owners["orders"] == ("@top",)
    repo.commit({".github/CODEOWNERS": "* @github"})
    assert read().owners["orders"] == ("@github",)


def test_codeowners_counts_from_the_top_of_the_repository(repo, read):
    repo.commit({"shop/app/orders/a.py": "1\n", "CODEOWNERS": "/app/ @no\n/shop/app/ @yes\n"})
    assert read(repo.folder / "shop").owners == {"orders": ("@yes",)}


def test_lines_without_effect_are_told(repo, read):
    repo.commit({"app/orders/a.py": "1\n", "CODEOWNERS": "* @top\n!x @a\n\n[ab].py @b\nc nobody\n"})
    history = read()
    assert history.notes == ("CODEOWNERS: lines without effect: 2, 4, 5",)
    assert history.owners["orders"] == ("@top",)


def test_without_owners_there_is_no_share(repo, read):
    repo.touch("app/orders/a.py")
    found = team_changes(read())
    assert (found.source, found.owners) == ("", {})
    assert found.crossing.value is None
