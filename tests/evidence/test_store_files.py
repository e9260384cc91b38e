"""Where the file is, who may read it, and that one process writes it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evidence_records import LIVE, edge, interval, keep

from amoeba.evidence.store import Evidence, Store, StoreError, evidence_path


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=lambda mask: f"umask {mask:03o}")
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("umask")
def test_only_its_user_may_read_it_whatever_the_umask(tmp_path):
    path = evidence_path(tmp_path)
    with Store.open(path) as store:
        store.went_live(LIVE)
        store.add(interval())
        names = {each.name: mode(each) for each in path.parent.iterdir() if "evidence" in each.name}
    sides = ["", "-lock", "-shm", "-wal"]
    assert names == {f"evidence.db{side}": 0o600 for side in sides}
    assert mode(path.parent) == 0o700


def test_a_file_that_others_could_read_is_made_private(path):
    keep(path)
    path.chmod(0o644)
    Store.open(path).close()
    assert mode(path) == 0o600


def test_its_folder_is_unknown_to_git_and_one_that_was_there_is_left_alone(path, tmp_path):
    keep(path)
    assert (path.parent / ".gitignore").read_text() == "*\n"
    tmp_path.chmod(0o755)
    keep(tmp_path / "evidence.db")
    assert mode(tmp_path) == 0o755
    assert not (tmp_path / ".gitignore").exists()


def test_a_second_writer_is_told_who_writes(path):
    with Store.open(path) as store:
        with pytest.raises(StoreError) as caught:
            Store.open(path)
        assert caught.value.reason == "busy"
        assert str(caught.value) == (
            f"{path}: another run (pid {os.getpid()}) writes it\n"
            "  expected: one writer\n"
            "  hint: amoeba stop"
        )
        store.went_live(LIVE)
        store.add(interval())
    Store.open(path).close()


def test_a_file_of_another_user_is_refused(path):
    keep(path)
    try:
        os.chown(path, 65534, 65534)
    except PermissionError:
        pytest.skip("only root may give files away")
    with pytest.raises(StoreError, match=r"another user \(uid 65534\)") as caught:
        Store.open(path)
    assert caught.value.reason == "foreign"


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / ".amoeba").write_text("a file is in the way")
    with pytest.raises(StoreError, match="hint: the folder must be yours") as caught:
        Store.open(evidence_path(tmp_path))
    assert caught.value.reason == "unusable"


def test_in_an_empty_file_there_is_nothing_to_read(tmp_path):
    (tmp_path / "evidence.db").touch()
    with pytest.raises(StoreError, match="there is no evidence"):
        Evidence.open(tmp_path / "evidence.db")


def test_without_a_file_there_is_nothing_to_read_and_none_is_made(path):
    with pytest.raises(StoreError, match="hint: run the application: amoeba run") as caught:
        Evidence.open(path)
    assert caught.value.reason == "missing"
    assert not path.parent.exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from evidence_records import *
store = Store.open(Path(sys.argv[1]))
store.went_live(LIVE)
store.add(interval(calls=7))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed(small_disk: Callable[[int], Path]) -> Path:
    """A file whose writer was killed, on a disk of its own."""
    path = small_disk(8 << 20) / "evidence.db"
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": str(tests)}
    subprocess.run([sys.executable, "-c", KILLED, path], env=environment, check=False)
    assert path.with_name("evidence.db-wal").stat().st_size > 0
    return path


def read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def test_it_is_read_after_its_writer_was_killed(killed):
    with Evidence.open(killed) as evidence:
        assert evidence.edges() == [edge(7)]


def test_it_is_read_on_a_read_only_disk(killed):
    Store.open(killed).close()
    read_only(killed.parent)
    with Evidence.open(killed) as evidence:
        assert evidence.edges() == [edge(7)]


@pytest.mark.parametrize("shm", [True, False], ids=["with its -shm", "without its -shm"])
def test_it_is_read_on_a_read_only_disk_after_its_writer_was_killed(killed, shm):
    if not shm:
        killed.with_name("evidence.db-shm").unlink()
    read_only(killed.parent)
    with Evidence.open(killed) as evidence:
        assert evidence.edges() == [edge(7)]


def test_it_is_not_written_on_a_read_only_disk(killed):
    read_only(killed.parent)
    with pytest.raises(StoreError, match="Read-only file system") as caught:
        Store.open(killed)
    assert caught.value.reason == "unusable"
