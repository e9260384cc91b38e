from __future__ import annotations

from history_repo import EVE

from amoeba.advisor.history import churn

CODE = "".join(f"line = {n}\n" for n in range(30))


def changes(history):
    return {each.module: each.changes for each in churn(history)}


def test_a_file_s_older_history_counts_for_its_present_module(repo, read):
    repo.commit({"legacy/pricing.py": CODE})
    repo.touch("legacy/pricing.py")
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "legacy/pricing.py", "app/models/pricing.py")
    repo.commit({}, "Move")
    assert changes(read()) == {"gateway": 0, "orders": 0, "models": 3}


def test_a_module_moved_between_packages_keeps_its_history(repo, read):
    repo.commit({"old/orders/a.py": CODE, "old/orders/b.py": CODE + "b = 1\n"})
    repo.touch("old/orders/a.py")
    repo.git("mv", "old", "app")
    repo.touch("app/orders/b.py")
    repo.git("mv", "app/orders", "app/models")
    repo.commit({}, "Rename", by=EVE)
    assert changes(read()) == {"gateway": 0, "orders": 1, "models": 4}


def test_moving_a_file_to_another_module_touches_both(repo, read):
    repo.commit({"app/orders/pricing.py": CODE})
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "app/orders/pricing.py", "app/models/pricing.py")
    repo.commit({}, "Move")
    history = read()
    assert [sorted(change.modules) for change in history.changes] == [
        ["models", "orders"],
        ["models"],
    ]


def test_a_new_file_by_an_old_name_has_its_own_history(repo, read):
    repo.commit({"app/orders/a.py": CODE})
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "app/orders/a.py", "app/models/a.py")
    repo.commit({})
    repo.touch("app/orders/a.py")
    repo.touch("app/orders/a.py")
    assert changes(read()) == {"gateway": 0, "orders": 3, "models": 2}


def test_an_old_file_by_a_name_that_another_had_for_a_while_has_its_own_history(repo, read):
    repo.commit({"app/orders/a.py": CODE.upper(), "legacy/a.py": CODE})
    repo.git("rm", "-q", "app/orders/a.py")
    repo.commit({})
    (repo.folder / "app/orders").mkdir(parents=True)
    repo.git("mv", "legacy/a.py", "app/orders/a.py")
    repo.commit({})
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "app/orders/a.py", "app/models/a.py")
    repo.commit({})
    touched = [sorted(change.modules) for change in read().changes]
    assert touched == [["models", "orders"], ["models"], ["orders"], ["models", "orders"]]


def test_two_files_that_change_their_names_keep_their_own_history(repo, read):
    repo.commit({"app/orders/a.py": CODE, "app/models/a.py": CODE.upper()})
    repo.touch("app/orders/a.py")
    for source, target in (("orders", "x"), ("models", "orders"), ("x", "models")):
        (repo.folder / "app" / target).mkdir(exist_ok=True)
        repo.git("mv", f"app/{source}/a.py", f"app/{target}/a.py")
        repo.commit({})
    assert [sorted(each.modules) for each in read().changes][-2:] == [
        ["models"],
        ["models", "orders"],
    ]


def test_an_edit_on_a_branch_counts_though_the_file_was_renamed_on_another(repo, read):
    repo.commit({"legacy/a.py": CODE})
    repo.git("checkout", "-q", "-b", "edit")
    repo.git("checkout", "-q", "main")
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "legacy/a.py", "app/models/a.py")
    repo.commit({}, "Move")
    repo.git("checkout", "-q", "edit")
    repo.touch("legacy/a.py")
    repo.git("checkout", "-q", "main")
    repo.merge("edit")
    assert changes(read())["models"] == 3


def test_a_deleted_file_s_history_counts_for_the_folder_it_was_in(repo, read):
    repo.commit({"app/orders/a.py": CODE})
    repo.git("rm", "-q", "app/orders/a.py")
    repo.commit({})
    assert changes(read())["orders"] == 2
