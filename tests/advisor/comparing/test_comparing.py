"""`amoeba compare` measures topologies in turn, from outside, and leaves nothing behind."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
from harness import AMOEBA, command

from amoeba.advisor.comparing.comparing import shown, turned
from amoeba.advisor.comparing.probes import Probe
from amoeba.load import read_scenario

LAB = Path(__file__).parents[2] / "supervisor" / "lab"

APPLICATION = f"""
[app]
name = "lab"
gateway = "lab.gateway:api"
paths = ["{LAB}"]

[modules.worker]
contract = "lab.worker:Worker"
implementation = "lab.worker_here:WorkerHere"

[modules.helper]
contract = "lab.helper:Helper"
implementation = "lab.helper_here:HelperHere"

[topologies.apart.processes.workers]
modules = ["worker"]

[topologies.broken.processes.workers]
modules = ["worker"]
environment = {{ PYTHONPATH = "", PYTHONHOME = "/nowhere" }}
"""

SCENARIO = """
[arrivals]
rate = 40
duration = 2
warm_up = 1

[requests.worker]
path = "/worker/echo/back"

[requests.helper]
path = "/helper/shout/back"

[slo]
p99_ms = 1000

[search]
step = 2
warm_up = 0.5
steps = 3
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "amoeba.toml").write_text(APPLICATION)
    (tmp_path / "load.toml").write_text(SCENARIO)
    return tmp_path


def compare(folder: Path, *args: str, timeout_s: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*AMOEBA, "compare", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def rows(comparison: Any) -> dict[str, dict[str, Any]]:
    return {
        f"{group['title']}: {row['name']}": row["cells"]
        for group in comparison["groups"]
        for row in group["rows"]
    }


def test_each_topology_is_first_in_its_turn():
    names = ["a", "b", "c"]
    assert [turned(names, number) for number in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_the_share_of_the_harmed_is_of_those_who_came_meanwhile():
    probe = Probe("t", "p", ("m",), "kill", 2.0, 40, 10, 20, 250.0, 1900.0)
    assert (probe.share, probe.harmed) == (0.25, 0.75)
    nobody = Probe("t", "p", ("m",), "kill", 0.1, 0, 0, 0, 250.0, 5.0)
    assert math.isnan(nobody.share)
    assert math.isnan(nobody.harmed)


def test_topologies_are_measured_from_outside(lab):
    done = compare(
        lab, "monolith", "apart", "--rounds", "1", "--no-probes", "--no-search", "--json"
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [side["name"] for side in found["sides"]] == ["monolith", "apart"]
    by_row = rows(found)

    def values(row: str) -> list[float]:
        return [cell["value"] for cell in by_row[row].values()]

    assert values("Deployment: deployables") == [1, 2]
    assert values("Operations: processes") == [2, 3]
    assert values("Operations: ports") == [2, 2]
    assert values("Latency: failed requests") == [0, 0]
    assert values("Debugging: hops of a request")[0] == 0
    assert 0 < values("Debugging: hops of a request")[1] <= 1
    assert all(value > 0 for value in values("Latency: worker: p50"))
    assert all(value > 0 for value in values("Resources and price: CPU time of a request"))
    assert "one round only" in " ".join(found["warnings"])
    (kept,) = (lab / ".amoeba").glob("comparison-*.json")
    assert json.loads(kept.read_text()) == found
    assert not (lab / ".amoeba" / "evidence.db").exists()
    again = compare(lab, "--from", str(kept), "--json")
    assert json.loads(again.stdout) == found


@pytest.mark.acceptance
def test_a_crash_and_an_update_cost_what_shares_their_process(lab):
    done = compare(
        lab, "monolith", "apart", "--rounds", "2", "--rate", "60", "--module", "worker", "--json",
        timeout_s=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    apart = next(side for side in found["sides"] if side["name"] == "apart")
    assert apart["blast"]["worker"] > 0
    assert apart["blast"]["helper"] == apart["blast"]["gateway"]
    assert all(seconds > 0 for seconds in apart["recovery_s"].values())
    by_row = rows(found)
    together = by_row["Updating a model: worker: modules that restart with worker"]
    assert [together[name]["value"] for name in ("monolith", "apart")] == [2, 0]
    assert together["apart"]["standing"] == "best"
    rate = by_row["Highest rate within the SLO: rate"]
    assert all(cell["value"] is None or cell["value"] > 1 for cell in rate.values())
    assert not [each for each in psutil.process_iter(["cmdline"]) if _is_ours(each, lab)]


def test_a_report_does_not_show_what_may_be_secret(lab):
    headers = 'headers = { authorization = "Bearer hunter3", x-api-key = "hunter4" }\n'
    asked = SCENARIO.replace("[requests.worker]\n", f"[requests.worker]\n{headers}")
    secret = '[compare.environment]\nURL = "db://me:hunter2@db"\nFILE = "{scratch}/tickets.db"\n'
    (lab / "load.toml").write_text(asked + secret)
    text = shown(read_scenario(lab / "load.toml"))
    assert "hunter" not in text
    assert 'authorization = "…"' in text
    assert 'URL = "…"' in text
    assert 'FILE = "{scratch}/tickets.db"' in text


def test_what_does_not_start_is_said_with_its_own_words(lab):
    done = compare(lab, "monolith", "broken", "--rounds", "1", "--no-probes", "--no-search")
    assert done.returncode == 1
    assert "topology 'broken'" in done.stderr
    assert "its last lines:" in done.stderr
    assert "hint: amoeba run --isolated --topology broken" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (
            ["monolith"],
            "amoeba: TOPOLOGY: there is nothing to compare with\n"
            "  expected: two or more\n"
            "  hint: there are also: apart, broken\n",
        ),
        (
            ["monolith", "aprt"],
            "amoeba: amoeba.toml: unknown topology 'aprt'\n  hint: did you mean 'apart'?\n",
        ),
        (
            ["apart", "apart"],
            "amoeba: TOPOLOGY: a topology is named twice\n  expected: each once\n",
        ),
        (
            ["monolith", "apart", "--module", "workr"],
            "amoeba: --module: unknown module 'workr'\n  hint: did you mean 'worker'?\n",
        ),
        (
            ["monolith", "apart", "--report", "nowhere/page.html"],
            "amoeba: nowhere: --report: there is no such folder\n",
        ),
        (
            ["--from", "nothing.json"],
            "amoeba: nothing.json: --from: cannot be read: No such file or directory\n"
            "  expected: what `amoeba compare --json` has printed\n",
        ),
    ],
)
def test_a_wrong_question_is_answered_before_anything_runs(lab, args, said):
    done = command("compare", *args, cwd=lab)
    assert (done.returncode, done.stderr) == (2, said)


def test_a_wrong_compare_table_is_said_with_its_line(lab):
    text = SCENARIO + "\n[compare]\nrounds = 0\nenvironment = { A = 1 }\nround = 2\n"
    (lab / "load.toml").write_text(text)
    done = command("compare", "monolith", "apart", cwd=lab)
    assert done.returncode == 2
    assert done.stderr == (
        "amoeba: load.toml:22: compare.rounds: is 0\n  expected: 1 to 100\n"
        "load.toml:23: compare.environment.A: is 1\n  expected: a string\n"
        "load.toml:24: compare.round: unknown key\n  hint: did you mean 'rounds'?\n"
        "3 problems\n"
    )


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    return any(os.fspath(folder) in part for part in process.info["cmdline"] or ())
