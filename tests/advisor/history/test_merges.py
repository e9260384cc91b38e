from __future__ import annotations

import pytest

from amoeba.advisor.history import Share
from amoeba.advisor.history.git import Git


def branch_off(repo, *paths):
    """Edit the last lines of files on a branch and on main, and merge."""
    name = f"branch-{repo.days}"
    repo.git("checkout", "-q", "-b", name)
    repo.touch(*paths)
    repo.git("checkout", "-q", "main")
    repo.touch(*paths)
    repo.merge(name)


def test_merges_that_conflict_are_counted_with_their_modules(repo, read):
    repo.touch("app/orders/a.py", "app/models/a.py", "NOTES.txt")
    branch_off(repo, "app/orders/a.py")
    branch_off(repo, "app/orders/a.py", "app/models/a.py")
    branch_off(repo, "NOTES.txt")
    repo.git("checkout", "-q", "-b", "clean")
    repo.touch("app/orders/b.py")
    repo.git("checkout", "-q", "main")
    repo.touch("app/models/b.py")
    repo.merge("clean")
    conflicts = read().conflicts
    assert (conflicts.merges, conflicts.replayed) == (4, 4)
    assert conflicts.share == Share(3, 4)
    assert conflicts.modules == {"orders": 2, "models": 1}
    assert (conflicts.cut_short, conflicts.missing) == (False, "")
    assert read().left_out.merges == 4


def test_a_conflict_counts_for_the_module_that_has_the_file_today(repo, read):
    repo.touch("legacy/a.py")
    branch_off(repo, "legacy/a.py")
    (repo.folder / "app/models").mkdir(parents=True)
    repo.git("mv", "legacy/a.py", "app/models/a.py")
    repo.commit({})
    assert read().conflicts.modules == {"models": 1}


def test_only_the_newest_merges_are_replayed(repo, read):
    repo.touch("app/orders/a.py", "app/models/a.py")
    branch_off(repo, "app/orders/a.py")
    branch_off(repo, "app/models/a.py")
    conflicts = read(most_merges=1).conflicts
    assert conflicts.modules == {"models": 1}
    assert conflicts.merges == 1


def test_when_the_time_is_up_it_says_so(repo, read):
    repo.touch("app/orders/a.py")
    branch_off(repo, "app/orders/a.py")
    conflicts = read(merges_s=0).conflicts
    assert (conflicts.merges, conflicts.replayed, conflicts.cut_short) == (1, 0, True)


def test_a_merge_of_three_is_not_replayed(repo, read):
    repo.touch("app/orders/a.py")
    for name in ("one", "two"):
        repo.git("checkout", "-q", "-b", name, "main")
        repo.touch(f"app/orders/{name}.py")
    repo.git("checkout", "-q", "main")
    repo.touch("app/orders/a.py")
    repo.git("merge", "-q", "-m", "Merge both", "one", "two")
    conflicts = read().conflicts
    assert (conflicts.replayed, conflicts.not_replayed, conflicts.cut_short) == (0, 1, False)


def test_an_older_git_is_told(repo, read, monkeypatch):
    repo.touch("app/orders/a.py")
    branch_off(repo, "app/orders/a.py")
    real = Git.read

    def older(self, *arguments, **options):
        if arguments == ("version",):
            return b"git version 2.37.1 (Apple Git-137.1)\n"
        return real(self, *arguments, **options)

    monkeypatch.setattr(Git, "read", older)
    history = read()
    assert history.conflicts.missing == "git is 2.37: replaying merges needs 2.38"
    assert len(history.changes) == 3


@pytest.mark.parametrize("place", ["repository", "variables"])
def test_no_merge_driver_of_the_user_is_run(repo, read, monkeypatch, tmp_path, place):
    repo.commit({".gitattributes": "*.py merge=mine\n"})
    repo.touch("app/orders/a.py")
    branch_off(repo, "app/orders/a.py")
    ran = tmp_path / "ran"
    if place == "repository":
        repo.git("config", "merge.mine.driver", f"touch {ran}; exit 0")
    else:
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "merge.mine.driver")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", f"touch {ran}; exit 0")
    assert read().conflicts.modules == {"orders": 1}
    assert not ran.exists()


@pytest.mark.parametrize("name", ["with:colon", 'with"quote', "with space", "with\\backslash"])
def test_the_repository_s_path_may_hold_anything(repo, read, name):
    repo.touch("app/orders/a.py")
    branch_off(repo, "app/orders/a.py")
    other = repo.folder.rename(repo.folder.parent / name)
    assert read(other).conflicts.modules == {"orders": 1}


def test_merges_are_replayed_in_a_second_work_tree_and_below_its_top(repo, read, tmp_path):
    repo.touch("shop/app/orders/a.py")
    branch_off(repo, "shop/app/orders/a.py")
    repo.git("worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    assert read(tmp_path / "second/shop").conflicts.modules == {"orders": 1}


def test_the_root_may_be_reached_by_a_link(repo, read, tmp_path):
    repo.touch("shop/app/orders/a.py")
    branch_off(repo, "shop/app/orders/a.py")
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "deep/er/link").symlink_to(repo.folder / "shop")
    history = read(tmp_path / "deep/er/link")
    assert len(history.changes) == 3
    assert history.conflicts.modules == {"orders": 1}


def test_without_a_place_for_its_objects_nothing_is_replayed(repo, read, monkeypatch):
    repo.touch("app/orders/a.py")
    branch_off(repo, "app/orders/a.py")
    monkeypatch.setattr("tempfile.tempdir", str(repo.folder / "missing"))
    history = read()
    assert history.conflicts.missing.startswith("[Errno 2] No such file or directory: ")
    assert len(history.changes) == 3
