from __future__ import annotations

import os
from datetime import timedelta

import msgspec
import pytest
from history_repo import ANN, BEN, FIRST, Repo

from amoeba.advisor.history import LeftOut, churn, read_history

MODULES = {"orders": ["app/orders"], "models": ["app/models"]}


def signing(folder):
    """A program that signs as gpg does, without a key."""
    program = folder / "signing"
    program.write_text(
        "#!/bin/sh\ncat > /dev/null\n"
        "printf '%s\\n\\n%s\\n' '-----BEGIN PGP SIGNATURE-----' '-----END PGP SIGNATURE-----'\n"
        "printf '\\n[GNUPG:] SIG_CREATED \\n' >&2\n"
    )
    program.chmod(0o755)
    return program


def changed(history):
    return [sorted(change.modules) for change in history.changes]


def test_a_change_belongs_to_the_modules_whose_files_it_touches(repo, read):
    repo.touch("app/orders/service.py")
    repo.touch("app/orders/service.py", "app/models/linear.py", "README.md")
    repo.touch("app/gateway.py")
    history = read()
    assert changed(history) == [["gateway"], ["models", "orders"], ["orders"]]
    assert history.missing == ""
    assert history.notes == ()
    assert history.commits == 4
    assert history.left_out == LeftOut(beginnings=1)


def test_lines_authors_and_days_are_counted(repo, read):
    repo.commit({"app/orders/a.py": "1\n2\n3\n"}, by=ANN)
    repo.commit({"app/orders/a.py": "1\nzwei\n"}, by=BEN)
    repo.days -= 1
    repo.commit({"app/orders/b.py": "1\n"}, by=BEN)
    orders = churn(read())[1]
    assert (orders.module, orders.changes, orders.authors, orders.days) == ("orders", 3, 2, 2)
    assert (orders.added, orders.deleted) == (5, 2)


NAMES = [
    "new\nline.py",
    'quo"ted.py',
    "tab\t.py",
    "tab\t",
    "ünïcode-名.py",
    "commit 1.py",
    "-option.py",
    " space .py",
    ":(top).py",
]


def test_any_file_name_is_read(repo, read):
    repo.commit({f"app/orders/{name}": f"{name!r}\n" for name in NAMES})
    for name in NAMES:
        repo.git("mv", f"app/orders/{name}", f"app/orders/moved-{name}")
        repo.touch(f"app/models/{name}")
    assert changed(read()) == [["models", "orders"]] * len(NAMES) + [["orders"]]
    assert churn(read())[1].added == len(NAMES)


def test_a_name_that_is_not_unicode_is_read(repo, read):
    folder = repo.folder / "app/orders"
    folder.mkdir(parents=True)
    with open(os.fsencode(folder) + b"/\xff\xfe.py", "wb") as file:
        file.write(b"1\n")
    repo.commit({})
    history = read()
    assert changed(history) == [["orders"]]
    assert msgspec.json.encode(history)


def test_messages_and_names_may_hold_anything(repo, read):
    message = "commit 123\n\n1\t2\tapp/models/x.py\n\ncommit abc\n\n\x01 \x1b[31m \udc80".encode(
        errors="surrogateescape"
    )
    repo.touch("app/orders/a.py", message=os.fsdecode(message), by='A "q" \\ <a@b>')
    assert changed(read()) == [["orders"]]


def test_binary_and_empty_files_count_as_changes_without_lines(repo, read):
    (repo.folder / "app/models").mkdir(parents=True)
    (repo.folder / "app/models/weights.bin").write_bytes(b"\0\1\2" * 100)
    repo.commit({"app/models/empty.py": ""})
    assert churn(read())[2].changes == 1
    assert churn(read())[2].added == 0


def test_the_application_may_be_a_folder_of_the_repository(repo, read):
    repo.touch("examples/shop/app/orders/a.py")
    repo.touch("app/orders/a.py")
    history = read(repo.folder / "examples/shop")
    assert changed(history) == [["orders"]]
    assert history.left_out.elsewhere == 1


def test_code_beside_the_application_s_folder_can_be_a_module_s(repo, read):
    repo.touch("examples/shop/main.py")
    repo.touch("libraries/orders/a.py")
    history = read(repo.folder / "examples/shop", {"orders": ["../../libraries/orders"]})
    assert changed(history) == [["orders"]]


def test_a_repository_without_a_work_tree_is_read(repo, read, tmp_path):
    repo.touch("app/orders/a.py")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert changed(read(tmp_path / "bare")) == [["orders"]]


def test_code_beside_the_modules_is_shared_and_the_repository_s_other_code_is_not(repo, read):
    repo.touch("app/orders/a.py", "app/database.py")
    repo.touch("app/database.py")
    repo.touch("scripts/release.py", "app/tests/test_database.py", "app/notes.txt")
    history = read()
    assert [change.shared for change in history.changes] == [True, True]
    assert changed(history) == [[], ["orders"]]
    assert len(history.of_modules) == 1
    assert history.left_out.elsewhere == 1


def test_only_the_asked_for_days_are_read(repo, read):
    for _ in range(5):
        repo.touch("app/orders/a.py")
    now = FIRST + timedelta(days=repo.days + 1)
    assert len(read(since_days=2.5, now=now).changes) == 2
    late = read(since_days=30, now=FIRST + timedelta(days=300))
    assert late.missing == "no change touched a module in the last 30 days"
    assert late.changes == ()


def test_only_the_newest_commits_are_read_and_it_is_said(repo, read):
    for _ in range(5):
        repo.touch("app/orders/a.py")
    history = read(most_commits=3)
    assert len(history.changes) == 3
    assert history.notes == ("only the newest 3 commits were read",)


def test_when_its_time_is_up_the_history_says_so(repo, read):
    repo.touch("app/orders/a.py")
    assert read(log_s=0).missing == "git log: took longer than 0 s"


def test_a_shallow_clone_says_so_and_its_oldest_commit_is_no_change(repo, read, tmp_path):
    for _ in range(4):
        repo.touch("app/orders/a.py", "app/models/a.py")
    repo.touch("app/orders/a.py")
    shallow = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "2", f"file://{repo.folder}", str(shallow))
    history = read(shallow)
    assert changed(history) == [["orders"]]
    assert history.left_out.beginnings == 1
    assert history.notes == (
        "the clone is shallow: older commits are missing (git fetch --unshallow)",
    )


def test_without_git_there_is_no_history(repo, read, monkeypatch):
    monkeypatch.setenv("PATH", str(repo.folder))
    history = read()
    assert (history.missing, history.changes) == ("git is not installed", ())
    assert history.modules == ("gateway", "orders", "models")


def test_a_git_that_cannot_be_run_is_told(repo, read, monkeypatch):
    program = repo.folder / "git"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(repo.folder))
    assert read().missing.startswith("git cannot be run: ")


def test_without_a_repository_there_is_no_history(read, tmp_path):
    (tmp_path / "plain").mkdir()
    assert read(tmp_path / "plain").missing == f"{tmp_path / 'plain'} is in no git repository"
    assert read(tmp_path / "none").missing == f"there is no folder {tmp_path / 'none'}"


def test_an_empty_repository_has_no_history(read, tmp_path):
    (tmp_path / "new").mkdir()
    Repo(tmp_path / "new").git("init", "-q")
    assert read(tmp_path / "new").missing == "the repository has no commit yet"


def test_a_damaged_repository_is_told_in_git_s_words(repo, read):
    for _ in range(4):
        repo.touch("app/orders/a.py")
    lost = repo.git("rev-parse", "HEAD~2:app/orders/a.py")
    (repo.folder / ".git/objects" / lost[:2] / lost[2:]).unlink()
    history = read()
    assert len(history.changes) == 1
    assert history.notes == (
        f"only the newest 1 commits were read: git log: unable to read {lost}",
    )
    tree = repo.git("rev-parse", "HEAD^{tree}")
    (repo.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
    assert read().missing == "git ls-tree: not a tree object"


def test_a_repository_in_which_no_module_changed_says_so(repo, read):
    repo.touch("README.md")
    assert read().missing == "no change touched a module"


def test_what_the_user_configured_for_people_changes_nothing(repo, read, monkeypatch, tmp_path):
    ran = tmp_path / "ran"
    script = tmp_path / "external"
    script.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    script.chmod(0o755)
    repo.touch("examples/shop/app/orders/old.py")
    repo.git("mv", "examples/shop/app/orders/old.py", "examples/shop/app/orders/new.py")
    repo.commit({".gitattributes": "*.py diff=custom\n"})
    repo.touch("examples/shop/app/models/signed.py")
    repo.git("-c", f"gpg.program={signing(tmp_path)}", "commit", "-q", "--amend", "-S", "-m", "x")
    settings = {
        "color.ui": "always",
        "core.pager": str(script),
        "core.fsmonitor": str(script),
        "diff.external": str(script),
        "diff.custom.command": str(script),
        "diff.custom.textconv": str(script),
        "diff.orderFile": str(tmp_path / "missing"),
        "diff.relative": "true",
        "diff.renames": "false",
        "format.pretty": "oneline",
        "gpg.program": str(script),
        "log.date": "relative",
        "log.decorate": "full",
        "log.diffMerges": "separate",
        "log.follow": "true",
        "log.showSignature": "true",
        "notes.displayRef": "*",
        "core.quotePath": "true",
        "i18n.logOutputEncoding": "utf-16",
    }
    expected = read(repo.folder / "examples/shop")
    for key, value in settings.items():
        repo.git("config", key, value)
    for name, value in {
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_WORK_TREE": str(tmp_path),
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_EXTERNAL_DIFF": str(script),
        "GIT_PAGER": str(script),
        "GIT_TRACE": "1",
        "GIT_LITERAL_PATHSPECS": "0",
        "LC_ALL": "C.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    assert read(repo.folder / "examples/shop") == expected
    assert changed(expected) == [["models"], ["orders"], ["orders"]]
    assert not ran.exists()


def test_a_partial_clone_is_not_completed_over_the_network(repo, read, tmp_path):
    for _ in range(3):
        repo.touch("app/orders/a.py")
    repo.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    source = f"file://{repo.folder}"
    repo.git("clone", "-q", "--no-checkout", "--filter=blob:none", source, str(partial))
    before = sorted(path.name for path in (partial / ".git/objects/pack").iterdir())
    assert read(partial).missing.startswith("git log: ")
    assert read(partial).missing.endswith("(a partial clone: git fetch --refetch --no-filter)")
    assert sorted(path.name for path in (partial / ".git/objects/pack").iterdir()) == before


def test_reading_leaves_the_repository_as_it_is(repo, read):
    repo.touch("app/orders/a.py")
    repo.git("checkout", "-q", "-b", "branch")
    repo.touch("app/orders/a.py")
    repo.git("checkout", "-q", "main")
    repo.touch("app/orders/a.py")
    repo.merge("branch")
    repo.write({"app/orders/a.py": "in work\n"})

    def state():
        files = [path for path in repo.folder.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = state()
    assert read().conflicts.conflicted == 1
    assert state() == before


def test_the_root_may_be_given_as_text(repo):
    repo.touch("app/orders/a.py")
    assert changed(read_history(str(repo.folder), MODULES, since_days=None)) == [["orders"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_another_user_s_repository_is_told_with_what_to_do(repo, read):
    repo.touch("app/orders/a.py")
    for path in (repo.folder, repo.folder / ".git"):
        os.chown(path, 12345, 12345)
    assert read().missing == (
        f"{repo.folder} is in another user's repository "
        "(git config --global --add safe.directory FOLDER)"
    )
