"""A version of the models appears whole or not at all, and old ones are kept for a while."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support_desk.folders import VERSION, current
from support_desk.training import versions
from support_desk.training.versions import drafted, named, publish

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4


def published(models: Path, at: datetime, content: str = "") -> str:
    with drafted(models) as draft:
        (draft / "report.json").write_text(content, encoding="utf-8")
        name = named(models, at, DIGEST)
        publish(models, draft, name)
    return name


def names(models: Path) -> list[str]:
    return sorted(path.name for path in models.iterdir())


def test_a_version_is_named_by_its_time_and_by_its_data_and_seed(tmp_path: Path) -> None:
    assert named(tmp_path, NOON, DIGEST) == "20261124T120000Z-01234567"
    assert VERSION.fullmatch(named(tmp_path, NOON, DIGEST))


def test_two_versions_of_one_second_have_two_names(tmp_path: Path) -> None:
    assert [published(tmp_path, NOON) for _ in range(3)] == [
        "20261124T120000Z-01234567",
        "20261124T120000Z-01234567-2",
        "20261124T120000Z-01234567-3",
    ]
    assert current(tmp_path).name == "20261124T120000Z-01234567-3"


def test_what_is_published_is_whole_and_current(tmp_path: Path) -> None:
    name = published(tmp_path / "models", NOON, "content")
    assert names(tmp_path / "models") == [name, "current"]
    assert (current(tmp_path / "models") / "report.json").read_text("utf-8") == "content"


def test_the_newest_five_are_kept(tmp_path: Path) -> None:
    made = [published(tmp_path, NOON + timedelta(seconds=second)) for second in range(7)]
    assert names(tmp_path) == [*made[2:], "current"]


def test_the_current_version_is_kept_though_the_clock_went_back(tmp_path: Path) -> None:
    made = [published(tmp_path, NOON + timedelta(seconds=second)) for second in range(5)]
    early = published(tmp_path, NOON - timedelta(days=1))
    assert names(tmp_path) == [early, *made, "current"]
    assert current(tmp_path).name == early


def test_versions_of_one_second_are_told_apart_by_number(tmp_path: Path) -> None:
    for _ in range(12):
        last = published(tmp_path, NOON)
    assert last == "20261124T120000Z-01234567-12"
    assert versions.versions(tmp_path)[0] == last


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    old = published(tmp_path, NOON)

    def fail() -> None:
        with drafted(tmp_path) as draft:
            (draft / "classifier").mkdir()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()
    assert names(tmp_path) == [old, "current"]


def test_the_draft_of_a_run_that_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".draft-dead" / "classifier").mkdir(parents=True)
    new = published(tmp_path, NOON)
    assert names(tmp_path) == [new, "current"]


def test_a_version_that_cannot_be_named_current_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = published(tmp_path, NOON)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(versions, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        published(tmp_path, NOON + timedelta(seconds=1))
    assert names(tmp_path) == [old, "current"]
    assert current(tmp_path).name == old


def test_other_folders_among_the_models_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "classifier").mkdir()
    for second in range(7):
        published(tmp_path, NOON + timedelta(seconds=second))
    assert {"runs", "classifier"} <= set(names(tmp_path))


DIE = """
import os, sys
from pathlib import Path
from support_desk.training import versions
versions.replace = lambda *_: os._exit(9)
with versions.drafted(Path(sys.argv[1])) as draft:
    versions.publish(Path(sys.argv[1]), draft, "20261124T120001Z-01234567")
"""


def test_a_process_that_dies_while_it_publishes_leaves_the_old_version_current(
    tmp_path: Path, application: Path
) -> None:
    old = published(tmp_path, NOON)
    environment = os.environ | {"PYTHONPATH": str(application)}
    died = subprocess.run(
        [sys.executable, "-c", DIE, str(tmp_path)], env=environment, check=False, timeout=60
    )
    assert died.returncode == 9
    assert current(tmp_path).name == old
    new = published(tmp_path, NOON + timedelta(seconds=1))
    assert current(tmp_path).name == new == "20261124T120001Z-01234567-2"
