"""A newcomer's walk: every command that the two READMEs show is executed as it stands.

Only the ports differ, so that a desk which is running already is not in the way.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import TIMEOUT_S, Run, fetch, wait_for
from postgres import free_port

DESK = Path(__file__).parents[1]
ROOT = DESK.parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
WALK = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Use it in your own")[0]
README = (DESK / "README.md").read_text(encoding="utf-8")


def typed(text: str) -> list[str]:
    """What a reader types, from blocks of a console; a command may go over several lines."""
    blocks = "".join(body for kind, body in BLOCK.findall(text) if kind == "console")
    joined = blocks.replace("\\\n", " ")
    return [
        line[2:].partition("  #")[0].strip() for line in joined.splitlines() if line[:2] == "$ "
    ]


def shell(text: str) -> list[str]:
    """The commands of blocks of `sh`."""
    blocks = "".join(body for kind, body in BLOCK.findall(text) if kind == "sh")
    lines = blocks.replace("\\\n", " ").splitlines()
    return [line.partition("  #")[0].strip() for line in lines]


class Started:
    """A command in the background, as in a terminal of its own; what it says, and Ctrl-C."""

    def __init__(self, command: str, folder: Path, env: dict[str, str]) -> None:
        self.said = ""
        self._process = subprocess.Popen(
            shlex.split(command),
            cwd=folder,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line

    def ready(self) -> Started:
        def serving() -> bool:
            assert self._process.poll() is None, self.said
            return "stop with Ctrl-C" in self.said

        wait_for(serving, "the desk to serve", 120)
        return self

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(TIMEOUT_S)
        finally:
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            self._reader.join(TIMEOUT_S)
            if self._process.stdout is not None:
                self._process.stdout.close()


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Ports, models and databases of the test's own."""
    with tempfile.TemporaryDirectory() as short:  # sockets are in it: their paths must be
        yield environment(tmp_path, short)


def environment(tmp_path: Path, runs: str) -> dict[str, str]:
    return {
        "AMOEBA_PORT": str(free_port()),
        "AMOEBA_ADMIN_PORT": str(free_port()),
        "SUPPORT_DESK_MODELS": str(tmp_path / "models"),
        "AMOEBA_TICKETS__DATABASE": f"sqlite:///{tmp_path}/tickets.db",
        "AMOEBA_FEATURES__DATABASE": f"sqlite:///{tmp_path}/features.db",
        "XDG_RUNTIME_DIR": runs,  # `amoeba status` tells of this desk alone
    }


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    command = command.replace("127.0.0.1:8000", f"127.0.0.1:{env['AMOEBA_PORT']}")
    done = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown_after(text: str, command: str) -> Any:
    """The JSON that a document shows below a command."""
    rest = text[text.index(command.split(" -H")[0]) :]
    return json.JSONDecoder().raw_decode(rest, re.search(r'^\{"|^\{\n', rest, re.M).start())[0]


def assert_alike(found: Any, shown: Any) -> None:
    """The same, but for a confidence, of which a document shows what does not change."""
    assert found | {"confidence": 0} == shown | {"confidence": 0}
    assert found["confidence"] == pytest.approx(shown["confidence"], abs=0.05)


@pytest.mark.skipif(not (ROOT / ".venv" / ".installed").exists(), reason="needs `make install`")
def test_the_walk_of_the_projects_readme(surroundings: dict[str, str]) -> None:
    demo, curl, to_desk, services, status, tests = typed(WALK)
    assert (demo, tests, to_desk) == ("make demo", "make test", "cd examples/support_desk")
    with Started(demo, ROOT, surroundings).ready() as started:
        assert "open http://127.0.0.1:8000 in a browser" in started.said
        page = fetch(f"http://127.0.0.1:{surroundings['AMOEBA_PORT']}/")
        assert b"<h1>Support desk</h1>" in page.body
        assert_alike(json.loads(run(curl, ROOT, surroundings)), shown_after(WALK, curl))
    with Started(services, DESK, surroundings).ready() as started:
        assert "services · 7 processes" in started.said
        assert_alike(json.loads(run(curl, ROOT, surroundings)), shown_after(WALK, curl))
        told = run(status, DESK, surroundings)
        assert all(f"{name}.0" in told for name in ("main", "tickets", "classifier", "training"))


@pytest.fixture
def trained(corpus_models: Path, surroundings: dict[str, str]) -> dict[str, str]:
    return surroundings | {"SUPPORT_DESK_MODELS": str(corpus_models)}


def commands(start: str) -> list[str]:
    return [each for each in shell(README) if each.startswith(start)]


def test_every_command_of_the_desks_readme_is_known() -> None:
    known = (
        "python -m support_desk.training",
        "amoeba run",
        "curl ",
        "export AMOEBA_",
        "export SUPPORT_",
    )
    assert [each for each in shell(README) if not each.startswith(known)] == []
    assert len(commands("amoeba run")) == 5


def test_the_figures_that_the_readme_shows_are_those_that_were_measured() -> None:
    assert (ROOT / "bench" / "results" / "training.md").read_text(encoding="utf-8") in README


@pytest.mark.acceptance
@pytest.mark.parametrize("command", commands("amoeba run"))
def test_the_desk_runs_as_its_readme_says(command: str, trained: dict[str, str]) -> None:
    (curl,) = [each for each in commands("curl") if "/triage" in each]
    with Run(DESK, *shlex.split(command)[2:], env=trained).ready() as desk:
        there = trained | {"AMOEBA_PORT": desk.url.rpartition(":")[2]}
        assert_alike(json.loads(run(curl, DESK, there)), shown_after(README, curl))


@pytest.mark.acceptance
def test_models_are_trained_as_the_readme_says(surroundings: dict[str, str]) -> None:
    (train,) = commands("python -m support_desk.training")
    path = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    assert "classifier: accuracy" in run(train, DESK, surroundings | path)
    models = Path(surroundings["SUPPORT_DESK_MODELS"])
    assert (models / (models / "current").read_text().strip() / "report.json").is_file()


@pytest.mark.acceptance
def test_a_run_of_training_is_asked_for_as_the_readme_says(
    trained: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(trained["SUPPORT_DESK_MODELS"], tmp_path / "models")
    start, list_ = [each for each in commands("curl") if "/admin/training" in each]
    exported = dict(each.split(" ")[1].split("=", 1) for each in commands("export SUPPORT_DESK"))
    env = trained | exported | {"SUPPORT_DESK_MODELS": str(tmp_path / "models")}
    with Run(DESK, "--topology", "training-apart", env=env).ready() as desk:
        there = env | {"AMOEBA_PORT": desk.url.rpartition(":")[2]}
        started = json.loads(run(start, DESK, there))
        assert started["state"] == "running"

        def ended() -> bool:
            (listed,) = json.loads(run(list_, DESK, there))
            return bool(listed["id"] == started["id"] and listed["state"] == "succeeded")

        wait_for(ended, "the run to succeed", 120)
    assert len([each for each in (tmp_path / "models").iterdir() if each.name[0] == "2"]) == 2
