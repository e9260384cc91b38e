"""`amoeba top` shows what runs, as it runs, in a terminal and without one."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import AMOEBA, TIMEOUT_S, Run, command, wait_for
from seen_app import CONFIG
from terminal import ALTERNATE_ON, Terminal

from amoeba.app import read_application
from amoeba.cli.status import NotRunning
from amoeba.cli.top import Picture
from amoeba.cli.watching import UnknownRun, Watcher


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """An application that runs in two processes."""
    folder = tmp_path_factory.mktemp("topped")
    (folder / "amoeba.toml").write_text(CONFIG)
    with Run(folder, "-t", "apart").ready() as run:
        yield run


@contextmanager
def called(run: Run) -> Iterator[None]:
    """Within it the application is called all the time."""
    over = threading.Event()

    def call() -> None:
        while not over.wait(0.01):
            run.get("/worker/echo/hello")

    caller = threading.Thread(target=call)
    caller.start()
    try:
        yield
    finally:
        over.set()
        caller.join(TIMEOUT_S)


def test_one_picture_as_data_and_without_a_terminal_as_text(run):
    with called(run), ThreadPoolExecutor(1) as pool:
        text = pool.submit(command, "top", "-n", "2", cwd=run.folder)
        done = command("top", "--once", "-n", "2", "--json", cwd=run.folder)
        lines = text.result(TIMEOUT_S).stdout.splitlines()
    frame = json.loads(done.stdout)
    assert (frame["application"], frame["topology"], frame["other_runs"]) == ("seen", "apart", 0)
    assert {each["replica"] for each in frame["replicas"]} == {"main.0", "workers.0"}
    assert set(frame["rates"]["processes"]) == {"main.0", "workers.0"}
    edges = {(each["caller"], each["module"]): each for each in frame["rates"]["edges"]}
    assert edges["http", "gateway"]["per_s"] > 0
    assert edges["gateway", "worker"]["p50_ns"] > 0
    assert frame["rates"]["width_s"] >= 2
    assert lines[0].startswith("seen · apart · pid ")
    assert any(line.startswith("gateway → worker.echo") for line in lines)
    assert "\x1b" not in "".join(lines)


def test_data_comes_a_line_per_interval_until_the_reader_has_enough(run):
    top = subprocess.Popen(
        [*AMOEBA, "top", "--json"], cwd=run.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with top:
        frames = [json.loads(top.stdout.readline()) for _ in range(2)]
        top.stdout.close()
        assert top.wait(TIMEOUT_S) == 0
        assert top.stderr.read() == b""
    assert frames[1]["at_s"] > frames[0]["at_s"]


def test_in_a_terminal_it_takes_the_screen_and_gives_it_back(run):
    with called(run), Terminal(run.folder, "top", lines=20, columns=80) as top:
        screen = top.sees(r"gateway → worker\.echo")
        assert ALTERNATE_ON in top.out
        assert len(screen.splitlines()) <= 20
        assert max(map(len, screen.splitlines())) <= 80
        assert "q leaves" in screen
        top.press("xq")
        assert top.end() == 0
        assert top.restored


def test_a_terminal_that_cannot_draw_gets_one_picture(run):
    with Terminal(run.folder, "top", "-n", "1", kind="dumb") as top:
        assert top.end() == 0
        assert b"seen \xc2\xb7 apart" in top.out
        assert b"\x1b" not in top.out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_signal_gives_the_screen_back_too(run, number, code):
    with Terminal(run.folder, "top") as top:
        top.sees("q leaves")
        assert top.end(number) == code
        assert top.restored


def test_a_run_that_ends_is_waited_for(tmp_path):
    (tmp_path / "amoeba.toml").write_text(CONFIG)
    picture = Picture("seen", watcher(tmp_path))

    def shows(text: str) -> None:
        wait_for(lambda: text in picture.draw(100, 24)[0], text)

    for _ in range(2):
        with Run(tmp_path) as run:
            run.ready()
            shows(f" · pid {run.process.pid} · up ")
        shows("seen has not run since ")


def test_of_several_runs_one_is_chosen_by_its_pid(run):
    with Run(run.folder, "--isolated") as other:
        other.ready()
        for pid, expected in ((None, run.process.pid), (other.process.pid, other.process.pid)):
            frame = wait_for(watcher(run.folder, pid).look, "something to compare with")
            assert (frame.pid, frame.other_runs) == (expected, 1)
    with pytest.raises(UnknownRun) as unknown:
        watcher(run.folder, other.process.pid).look()
    assert str(unknown.value) == (
        f"--pid: no run of the application has pid {other.process.pid}\n"
        f"  expected: {run.process.pid}"
    )


def test_a_run_that_was_chosen_and_has_ended_does_not_become_another_one(run):
    with Run(run.folder, "--isolated") as other:
        chosen = watcher(run.folder, other.ready().process.pid)
        chosen.look()
    with pytest.raises(NotRunning):
        chosen.look()


def watcher(folder: Path, pid: int | None = None) -> Watcher:
    return Watcher(read_application(folder / "amoeba.toml"), pid, 1.0)


def test_what_does_not_run_is_refused_with_a_hint(tmp_path):
    (tmp_path / "amoeba.toml").write_text(CONFIG)
    done = command("top", "--json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "amoeba: 'seen' does not run\n  hint: amoeba run\n"
    with Terminal(tmp_path, "top") as top:
        assert top.end() == 1
        assert ALTERNATE_ON not in top.out
