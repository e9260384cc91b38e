"""What is told of runs is kept, bounded, and final once they have ended."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support_desk.training import Run, RunNotFound, RunState, TrainingBusy, runs
from support_desk.training.claim import Claim
from support_desk.training.runs import Runs

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def run(number: int = 0) -> Run:
    began = NOON + timedelta(minutes=number)
    return Run(f"run{number:03}", RunState.RUNNING, 0, began, "starting", 0, 0)


def read_again(models: Path) -> tuple[Run, ...]:
    again = Runs(models)
    again.load()
    return again.newest_first()


def test_a_run_is_known_again_after_a_restart(tmp_path: Path) -> None:
    known = Runs(tmp_path)
    known.begin(run())
    known.advance("run000", "training", 2, 5)
    assert read_again(tmp_path) == (changed(run(), stage="training", step=2, steps=5),)
    ended = known.end("run000", RunState.SUCCEEDED, version="v", metrics={"accuracy": 0.5})
    assert ended is not None
    assert ended.ended_at is not None
    assert read_again(tmp_path) == (ended,) == known.newest_first()


def test_an_end_is_final(tmp_path: Path) -> None:
    known = Runs(tmp_path)
    known.begin(run())
    ended = known.end("run000", RunState.INTERRUPTED)
    assert known.advance("run000", "training", 2, 5) is None
    assert known.end("run000", RunState.SUCCEEDED, version="v") is None
    assert read_again(tmp_path) == (ended,)


def test_a_run_that_is_not_known_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match=r"there is no run '\.\./x'"):
        Runs(tmp_path).get("../x")


def test_the_newest_fifty_are_kept(tmp_path: Path) -> None:
    known = Runs(tmp_path)
    for number in range(60):
        known.begin(run(number))
        known.end(run(number).id, RunState.FAILED, error="no")
    assert [one.id for one in known.newest_first()] == [
        f"run{number:03}" for number in range(59, 9, -1)
    ]
    assert read_again(tmp_path) == known.newest_first()
    assert len(list((tmp_path / "runs").iterdir())) == 50


def test_a_file_that_tells_of_no_run_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = Runs(tmp_path)
    known.begin(run())
    known.end("run000", RunState.FAILED, error="no")
    (tmp_path / "runs" / "other.json").write_text("{}", encoding="utf-8")
    assert [one.id for one in read_again(tmp_path)] == ["run000"]
    assert "other.json tells of no run: Object missing required field `id`" in caplog.text


def test_a_disk_that_fails_stops_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "replace", full)
    known = Runs(tmp_path)
    known.begin(run())
    assert known.advance("run000", "training", 2, 5) == known.get("run000")
    assert "run run000 is not on disk: [Errno 28] No space left on device" in caplog.text


def test_one_run_has_the_claim_until_it_lets_go(tmp_path: Path) -> None:
    claim = Claim(tmp_path / "models", "one")
    with pytest.raises(TrainingBusy, match="run one is still going on"):
        Claim(tmp_path / "models", "two")
    claim.release()
    claim.release()
    with Claim(tmp_path / "models", "three"), pytest.raises(TrainingBusy, match="run three is"):
        Claim(tmp_path / "models", "four")


HOLD = """
import sys
from pathlib import Path
from support_desk.training.claim import Claim
claim = Claim(Path(sys.argv[1]), "elsewhere")
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_process_that_is_killed_loses_its_claim(tmp_path: Path, application: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(application)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        with pytest.raises(TrainingBusy, match="run elsewhere is still going on"):
            Claim(tmp_path, "here")
        holder.kill()
        holder.wait()
    Claim(tmp_path, "here").release()
