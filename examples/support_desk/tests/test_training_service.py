"""Training beside the requests: one run at a time, told of as it goes, and never in the way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from support_desk.folders import current
from support_desk.training import Run, RunNotFound, RunState, Training, TrainingBusy, worker
from support_desk.training.claim import Claim
from support_desk.training.report import read_report
from support_desk.training.runs import Runs
from support_desk.training.service import Settings, TrainingService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from support_desk.training.control import Control
    from support_desk.training.report import Report
    from support_desk.training.sources import Sources


class Fit:
    """Stands in for the training proper: goes on when told, stops when asked."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.deaf = False

    def __call__(self, sources: Sources, models: Path, control: Control) -> Report:
        control.begin(2)
        control.next("fitting")
        self.began.set()
        while not self.go_on.wait(0.01):
            if not self.deaf:
                control.check()
        control.next("publishing")
        raise OSError(28, "No space left on device")


@pytest.fixture
def fit(on_small_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Fit:
    fit = Fit()
    monkeypatch.setattr(worker, "train", fit)
    return fit


@asynccontextmanager
async def serving(models: Path, **settings: str) -> AsyncIterator[TrainingService]:
    async with (
        asyncio.timeout(60),
        TrainingService(Settings(models=str(models), **settings)) as one,
    ):
        yield one


def within(models: Path, body: Callable[[TrainingService], Coroutine[None, None, None]]) -> None:
    async def go() -> None:
        async with serving(models) as service:
            await body(service)

    asyncio.run(go())


async def last(service: Training, run_id: str) -> Run:
    return [run async for run in service.watch(run_id)][-1]


def test_a_run_is_watched_from_its_start_to_its_success(
    tmp_path: Path, on_small_corpus: Path
) -> None:
    async def body(service: TrainingService) -> None:
        run = await service.start(3)
        assert (run.state, run.seed, run.stage) == (RunState.RUNNING, 3, "starting")
        told = [change async for change in service.watch(run.id)]
        assert [(one.state, one.stage, one.step, one.steps) for one in told] == [
            ("running", "starting", 0, 0),
            ("running", "reading the data", 0, 0),
            ("running", "training the classifier on 112 messages of small.jsonl", 1, 5),
            ("running", "measuring the classifier on the 28 messages held out", 2, 5),
            ("running", "training the extractor on 112 messages of small.jsonl", 3, 5),
            ("running", "measuring the extractor on the 28 messages held out", 4, 5),
            ("running", "publishing the models", 5, 5),
            ("succeeded", "publishing the models", 5, 5),
        ]
        report = read_report(current(tmp_path))
        assert told[-1].version == report.version
        assert told[-1].metrics == report.metrics()
        assert report.seed == 3
        assert await service.runs() == (told[-1],)
        assert [change async for change in service.watch(run.id)] == [told[-1]]

    within(tmp_path, body)


def test_there_is_one_run_at_a_time(tmp_path: Path, fit: Fit) -> None:
    async def body(service: TrainingService) -> None:
        run = await service.start(0)
        with pytest.raises(TrainingBusy, match=f"run {run.id} is still going on"):
            await service.start(0)
        fit.go_on.set()
        assert (await last(service, run.id)).state is RunState.FAILED
        other = await service.start(0)
        assert [one.id for one in await service.runs()] == [other.id, run.id]
        await last(service, other.id)

    within(tmp_path, body)


def test_a_run_of_another_process_is_in_the_way_too(tmp_path: Path, fit: Fit) -> None:
    async def body(service: TrainingService) -> None:
        with Claim(tmp_path, "elsewhere"), pytest.raises(TrainingBusy, match="run elsewhere is"):
            await service.start(0)
        assert await service.runs() == ()
        fit.go_on.set()
        await last(service, (await service.start(0)).id)

    within(tmp_path, body)


def test_several_watch_and_a_slow_one_holds_up_nobody(tmp_path: Path, fit: Fit) -> None:
    async def body(service: TrainingService) -> None:
        run = await service.start(0)
        slow, gone = service.watch(run.id), service.watch(run.id)
        assert (await anext(slow)).stage == (await anext(gone)).stage == "starting"
        await gone.aclose()  # type: ignore[attr-defined]  # it is a generator
        fit.go_on.set()
        assert (await last(service, run.id)).state is RunState.FAILED
        assert [change.stage async for change in slow] == [
            "reading the data",
            "fitting",
            "publishing",
            "publishing",
        ]

    within(tmp_path, body)


def test_a_run_that_is_not_known_is_not_found(tmp_path: Path) -> None:
    async def body(service: TrainingService) -> None:
        with pytest.raises(RunNotFound, match="there is no run 'other'"):
            await last(service, "other")

    within(tmp_path, body)


def test_what_ends_a_run_is_told(tmp_path: Path, fit: Fit) -> None:
    async def body(service: TrainingService) -> None:
        fit.go_on.set()
        assert (await last(service, (await service.start(0)).id)).error == (
            "the models cannot be written: No space left on device\n"
            f"  where: {tmp_path}\n"
            "  expected: a folder to write to, on a disk with space\n"
            "hint: python -m support_desk.training --out DIR"
        )

    within(tmp_path, body)


def test_data_that_cannot_be_used_fail_the_run(tmp_path: Path) -> None:
    async def go() -> None:
        async with serving(tmp_path / "models", data=str(tmp_path)) as service:
            run = await last(service, (await service.start(0)).id)
        assert run.state is RunState.FAILED
        assert run.error == (
            "the training data is missing\n"
            f"  where: {tmp_path}/banking77/train.csv\n"
            "  expected: a CSV file in UTF-8 with the columns text and category\n"
            "the training data is missing\n"
            f"  where: {tmp_path}/nlupp-banking\n"
            "  expected: a folder with fold0.json to fold13.json\n"
            "hint: python -m support_desk.training --help"
        )

    asyncio.run(go())


def test_a_missing_package_fails_the_run_and_says_how_to_get_it(
    tmp_path: Path, on_small_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    monkeypatch.delitem(sys.modules, "support_desk.training.fit", raising=False)

    async def body(service: TrainingService) -> None:
        run = await last(service, (await service.start(0)).id)
        assert run.error == "training needs scikit-learn\nhint: pip install scikit-learn"

    within(tmp_path, body)


def test_a_fault_in_the_program_fails_the_run_and_is_logged(
    tmp_path: Path,
    on_small_corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def faulty(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(worker, "train", faulty)

    async def body(service: TrainingService) -> None:
        run = await last(service, (await service.start(0)).id)
        assert run.state is RunState.FAILED
        assert run.error == "ZeroDivisionError: division by zero"
        assert f"run {run.id} failed" in caplog.text

    within(tmp_path, body)


def test_a_folder_that_cannot_be_written_to_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file", encoding="utf-8")

    async def body(service: TrainingService) -> None:
        run = await service.start(0)
        assert run.state is RunState.FAILED
        assert run.error.startswith("the models cannot be written: File exists\n  where: ")
        assert await service.runs() == (run,)
        assert await last(service, run.id) == run

    within(tmp_path / "models", body)


def test_leaving_interrupts_the_run_and_tells_those_who_watch(tmp_path: Path, fit: Fit) -> None:
    async def go() -> None:
        async with serving(tmp_path) as service:
            run = await service.start(0)
            watched = asyncio.create_task(last(service, run.id))
            await asyncio.to_thread(fit.began.wait)
        assert (await watched).state is RunState.INTERRUPTED
        async with serving(tmp_path) as again:
            assert await again.runs() == (await watched,)

    asyncio.run(go())
    assert not (tmp_path / "current").exists()


def test_a_fit_that_does_not_listen_is_left_behind(
    tmp_path: Path, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GRACE_S", 0.01)
    fit.deaf = True

    async def go() -> None:
        async with serving(tmp_path) as service:
            run = await service.start(0)
            await asyncio.to_thread(fit.began.wait)
        ended = await last(service, run.id)
        assert ended.state is RunState.INTERRUPTED
        Claim(tmp_path, "another").release()
        (thread,) = [one for one in threading.enumerate() if one.name == "training"]
        assert thread.daemon
        fit.go_on.set()
        await asyncio.to_thread(thread.join)
        assert await service.runs() == (ended,)

    asyncio.run(go())


def test_a_run_whose_process_is_gone_is_interrupted_at_the_next_start(tmp_path: Path) -> None:
    known = Runs(tmp_path)
    known.begin(Run("dead", RunState.RUNNING, 0, datetime.now(UTC), "starting", 0, 0))
    known.advance("dead", "fitting", 1, 2)

    async def body(service: TrainingService) -> None:
        (run,) = await service.runs()
        assert (run.id, run.state, run.stage) == ("dead", RunState.INTERRUPTED, "fitting")
        assert run.ended_at is not None

    within(tmp_path, body)


def test_a_run_that_another_process_is_at_is_left_to_it(tmp_path: Path) -> None:
    known = Runs(tmp_path)
    known.begin(Run("alive", RunState.RUNNING, 0, datetime.now(UTC), "starting", 0, 0))
    known.advance("alive", "fitting", 1, 2)

    async def body(service: TrainingService) -> None:
        (run,) = await service.runs()
        assert run.state is RunState.RUNNING
        assert [one async for one in service.watch("alive")] == [run]

    with Claim(tmp_path, "alive"):
        within(tmp_path, body)


def test_a_schedule_begins_runs(tmp_path: Path, fit: Fit) -> None:
    known = Runs(tmp_path)
    known.begin(Run("old", RunState.RUNNING, 0, datetime(2026, 1, 1, tzinfo=UTC), "", 0, 0))
    known.end("old", RunState.FAILED)

    async def go() -> None:
        async with serving(tmp_path, every="6h") as service:
            await asyncio.to_thread(fit.began.wait)
            new, old = await service.runs()
            assert (new.state, new.seed, old.id) == (RunState.RUNNING, 0, "old")

    asyncio.run(go())


def test_a_schedule_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="every is 'often'; expected a number and m, h or d"):
        TrainingService(Settings(every="often"))


LEAVE = """
import asyncio, sys, threading
from support_desk.training.service import Settings, TrainingService
assert "sklearn" not in sys.modules
from support_desk.training import run, tagging

began = threading.Event()
message = tagging._Trainer.message
tagging._Trainer.message = lambda self, text: (began.set(), message(self, text))
if sys.argv[2] == "crfsuite":
    run._classifier = lambda *_: None  # which takes seconds

async def go():
    async with TrainingService(Settings(models=sys.argv[1])) as service:
        started = await service.start(0)
        if sys.argv[2] == "crfsuite":
            await asyncio.to_thread(began.wait)
        else:
            async for change in service.watch(started.id):
                if change.step == 1:
                    break
    print((await service.runs())[0].state)

asyncio.run(go())
"""


@pytest.mark.parametrize("fit", ["scikit-learn", "crfsuite"])
def test_a_process_that_ends_in_the_middle_of_a_fit_ends_well(
    tmp_path: Path, application: Path, fit: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVE, str(tmp_path), fit],
        env=os.environ | {"PYTHONPATH": str(application)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stderr, done.stdout, done.returncode) == ("", "interrupted\n", 0)
    assert not (tmp_path / "current").exists()
