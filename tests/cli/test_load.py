"""`amoeba load` as a user runs it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import pytest
from harness import AMOEBA, TIMEOUT_S, command
from load.target import serving

SCENARIO = (
    '[arrivals]\nkind = "constant"\nrate = 40\nduration = {duration}\n\n'
    '[requests.one]\npath = "{path}"\n\n{more}'
)


@pytest.fixture(scope="module")
def url():
    with serving() as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path):
    def folder(path: str = "/", duration: float = 0.3, more: str = "") -> Path:
        (tmp_path / "load.toml").write_text(
            SCENARIO.format(path=path, duration=duration, more=more)
        )
        return tmp_path

    return folder


def test_a_run_is_told_on_stdout_and_nothing_else(folder, url):
    done = command("load", "--url", url, cwd=folder())
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"load.toml → {url} · constant · 0.3 s · seed 0"
    assert re.match(r" one +12 +0 +(39\.\d|40) +[\d.]+ \[", lines[2])
    assert lines[3].startswith("generator: sent late p50 ")


def test_a_missed_slo_is_1_and_a_met_one_0(folder, url):
    met = command("load", "--url", url, cwd=folder(more="[slo]\nerror_rate = 0\n"))
    assert met.returncode == 0
    assert "SLO error rate at most 0.00%: 0.00%, met" in met.stdout
    missed = command(
        "load", "--url", url, cwd=folder(path="/status/500", more="[slo]\np50_ms = 5\n")
    )
    assert missed.returncode == 1
    assert "SLO p50 at most 5 ms: failed, MISSED" in missed.stdout
    assert "failed: one: status 500: 12" in missed.stdout


def test_it_reports_as_data_and_as_a_page(folder, url):
    done = command(
        "load", "--url", url, "--rate", "50", "--duration", "0.4", "--seed", "4", "--json",
        "--report", "page.html", cwd=folder(),
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert (report["seed"], report["duration_s"], report["overall"]["arrived"]) == (4, 0.4, 20)
    assert report["generator"].keys() >= {"sent_late", "loop_lag", "cpu_share", "bottleneck"}
    assert "<svg" in (folder() / "page.html").read_text()
    assert done.stderr == ""


def test_the_highest_rate_is_searched(folder, url):
    more = "[slo]\np90_ms = 5000\n\n[search]\nwarm_up = 0\nsteps = 2\n"
    where = folder(more=more)
    done = command("load", "--find-rate", "--duration", "0.15", "--url", url, cwd=where)
    assert done.returncode == 0
    assert re.match(r"amoeba: 40/s: met.* · p50 .* · failed 0.00%", done.stderr)
    assert "SLO met at " in done.stdout
    assert "the search ended early: 2 steps were made" in done.stdout
    quiet = command(
        "load", "--find-rate", "-q", "--json", "--duration", "0.15", "--url", url, cwd=where
    )
    assert (json.loads(quiet.stdout)["met_per_s"] >= 40, quiet.stderr) == (True, "")


def test_wrong_usage_is_2(folder, url, tmp_path):
    where = folder()
    no_slo = command("load", "--find-rate", "--url", url, cwd=where)
    assert no_slo.returncode == 2
    assert no_slo.stderr == (
        "amoeba: load.toml: --find-rate needs an SLO\n"
        "  hint: add a table [slo], such as p99_ms = 200\n"
    )
    assert command("load", "--rate", "0", cwd=where).returncode == 2
    assert command("load", "--report", "no/such/page.html", cwd=where).returncode == 2
    missing = command("load", "other.toml", cwd=where)
    assert missing.returncode == 2
    assert missing.stderr.startswith("amoeba: other.toml: there is no such file\n  hint: ")


def test_nobody_there_is_1(folder):
    done = command("load", "--url", "http://127.0.0.1:1", cwd=folder())
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing answers at http://127.0.0.1:1" in done.stderr


@pytest.mark.parametrize(
    ("library", "option", "extra"),
    [("aiohttp", (), "load"), ("matplotlib", ("--report", "page.html"), "plots")],
)
def test_a_missing_extra_is_named_with_its_command(folder, url, library, option, extra):
    where = folder()
    (where / "sitecustomize.py").write_text(
        "import sys\nfrom importlib.abc import MetaPathFinder\n\n\n"
        "class Hidden(MetaPathFinder):\n    def find_spec(self, name, path, target=None):\n"
        f"        if name == {library!r}:\n            raise ModuleNotFoundError(name=name)\n\n\n"
        "sys.meta_path.insert(0, Hidden())\n"
    )
    done = command("load", "--url", url, *option, cwd=where, env={"PYTHONPATH": str(where)})
    assert done.returncode == 1
    assert done.stderr == f"amoeba: this needs {library}\n  hint: pip install 'amoeba[{extra}]'\n"


def at_a_terminal(args: list[str], cwd: Path, **env: str) -> tuple[subprocess.Popen, int]:
    """The command with a terminal for stderr, and this side of it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*AMOEBA, *args],
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if k != "CI"}, **env},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    return process, ours


def read_until(terminal: int, pattern: str) -> str:
    """What comes from a terminal, until it holds the pattern or ends."""
    text = ""
    while not re.search(pattern, text):
        try:
            text += os.read(terminal, 4096).decode()
        except OSError:  # the other side has closed it
            break
    return text


def test_a_terminal_sees_progress_and_ctrl_c_keeps_the_figures(folder, url):
    args = ["load", "--url", url, "--duration", "600"]
    process, terminal = at_a_terminal(args, folder())
    shown = read_until(terminal, r"/600 s · \d+ arrived · \d+ in flight · 0 failed · p50 ")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=TIMEOUT_S)
    os.close(terminal)
    assert "(last 5 s)" in shown
    assert process.returncode == 1
    assert "interrupted: these are the figures so far" in out


def test_progress_is_off_when_asked_and_in_ci(folder, url):
    args = ["load", "--url", url, "--duration", "0.7"]
    where = folder()
    asked = at_a_terminal([*args, "--quiet"], where)
    in_ci = at_a_terminal(args, where, CI="true")
    for process, terminal in (asked, in_ci):
        assert read_until(terminal, r"arrived") == ""
        out, _ = process.communicate(timeout=TIMEOUT_S)
        os.close(terminal)
        assert out.startswith("load.toml → ")
