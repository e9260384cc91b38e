"""`amoeba run` as one process and as several: the same answers, and what each process is."""

from __future__ import annotations

import os
import re
import site
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from harness import Run, alive, command, wait_for


@pytest.mark.parametrize("topology", ["monolith", "apart"])
def test_the_same_code_answers_in_every_topology(lab, topology):
    with Run(lab(), "--topology", topology).ready() as run:
        assert run.get("/helper/shout/hello").json() == "HELLO"
        assert run.get("/worker/echo/hello").json() == "hello"
        assert run.end() == 0


def test_a_process_loads_only_the_implementations_placed_in_it(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        assert run.get("/worker/modules").json() == ["lab.worker", "lab.worker_here"]
        helper = run.get("/helper/modules").json()
        assert helper == ["lab.helper", "lab.helper_here", "lab.worker"]
        gateway = run.get("/gateway/modules").json()
        assert gateway == ["lab.gateway", "lab.helper", "lab.worker"]


def test_status_tells_replicas_edges_and_states(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        run.get("/helper/shout/hello")
        edges = wait_for(lambda: run.status()["totals"], "totals of the edges")
        status = run.status()
        assert [(r["replica"], r["state"], r["modules"]) for r in status["replicas"]] == [
            ("main.0", "ready", ["gateway"]),
            ("workers.0", "ready", ["worker"]),
            ("helpers.0", "ready", ["helper"]),
        ]
        assert all(alive(r["pid"]) and r["rss_bytes"] > 1 << 20 for r in status["replicas"])
        wait_for(
            lambda: (
                {(e["caller"], e["module"], e["method"]) for e in run.status()["totals"]}
                >= {("gateway", "helper", "shout"), ("helper", "worker", "echo")}
            ),
            "both edges",
        )
        assert edges[0]["errors"] == {}
        text = command("status", cwd=run.folder).stdout
        assert re.search(r"helpers\.0 +ready +helper", text)
        assert "gateway → helper.shout" in text


def test_the_admin_port_is_never_among_the_users_routes(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        assert run.admin("/livez").status == 200
        assert run.admin("/readyz").json() == {"ready": True, "missing": []}
        metrics = run.admin("/metrics")
        assert b'amoeba_replica_ready{process="workers",replica="workers.0"} 1.0' in metrics.body
        assert run.admin("/gateway/pid").status == 404
        assert run.admin_url.startswith("http://127.0.0.1:")
        assert run.get("/livez/pid").status == 500  # the gateway's own affair: it has no such route


def test_processes_get_their_cpus_threads_and_environment(lab):
    more = """
[topologies.apart.processes.workers]
modules = ["worker"]
cpus = 1
environment = { LAB_COLOUR = "green" }
"""
    with Run(lab(more), "--topology", "apart").ready() as run:
        assert len(run.get("/worker/cpus").json()) == 1
        assert run.get("/worker/environment/OMP_NUM_THREADS").json() == "1"
        assert run.get("/worker/environment/LAB_COLOUR").json() == "green"
        assert run.get("/worker/environment/AMOEBA_HOST_SPEC").json() is None


def test_a_process_may_have_an_environment_of_its_own(lab, tmp_path):
    own = _interpreter(tmp_path / "own", sees_amoeba=True)
    more = f'\n[topologies.apart.processes.workers]\nmodules = ["worker"]\npython = "{own}"\n'
    with Run(lab(more), "--topology", "apart").ready() as run:
        assert run.get("/worker/prefix").json() == str(tmp_path / "own")
        assert run.get("/helper/shout/hello").json() == "HELLO"


def test_an_interpreter_without_amoeba_is_refused_before_anything_starts(lab, tmp_path):
    own = _interpreter(tmp_path / "own", sees_amoeba=False)
    more = f'\n[topologies.apart.processes.workers]\nmodules = ["worker"]\npython = "{own}"\n'
    done = command("run", "--topology", "apart", cwd=lab(more))
    assert done.returncode == 2
    assert f"{own}: has no Amoeba installed" in done.stderr
    assert f"hint: {own} -m pip install amoeba==" in done.stderr


def test_output_carries_the_replicas_name_and_keeps_its_stream(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        run.get("/gateway/print")
        wait_for(lambda: "[main.0] said on stdout" in run.out, "the line on stdout")
        run.wait_for_line(r"\[main\.0\] said on stderr")
        assert "said on stdout" not in run.err


def test_modules_stop_in_reverse_and_can_still_call_what_they_need(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        assert run.end() == 0
        left = re.findall(r"(\w+) leaves", run.err)
        assert left == ["helper", "worker"]
        assert "Traceback" not in run.err


def test_a_second_run_says_so_and_an_isolated_one_runs_beside(lab):
    folder = lab()
    with Run(folder).ready() as first:
        second = command("run", cwd=folder)
        assert second.returncode == 2
        assert re.fullmatch(
            rf"amoeba: 'lab' already runs at {first.url} \(pid {first.process.pid}\)\n"
            r"  hint: amoeba stop, or run beside it with --isolated\n",
            second.stderr,
        )
        with Run(folder, "--isolated").ready() as beside:
            assert beside.url != first.url
            assert beside.get("/gateway/pid").json() != first.get("/gateway/pid").json()
        assert first.get("/worker/echo/still").json() == "still"


def test_stop_drains_and_ends_the_run(lab):
    with Run(lab(), "--topology", "apart").ready() as run:
        assert command("stop", cwd=run.folder).returncode == 0
        assert run.exit_code() == 0
    done = command("status", cwd=run.folder)
    assert (done.returncode, done.stderr) == (1, "amoeba: 'lab' does not run\n  hint: amoeba run\n")


def test_gateway_replicas_share_the_port(lab):
    more = """
[topologies.wide.processes.main]
replicas = 2

[topologies.wide.processes.workers]
modules = ["worker"]
"""
    with Run(lab(more), "--topology", "wide").ready() as run:
        pids = set(run.pids("main"))
        assert len(pids) == 2
        seen: set[int] = set()
        wait_for(lambda: seen.add(run.get("/gateway/pid").json()) or seen == pids, "both replicas")


def test_the_gateway_may_have_a_process_of_its_own(lab):
    more = '\n[topologies.edge.processes.web]\nmodules = ["gateway"]\n'
    with Run(lab(more), "--topology", "edge").ready() as run:
        assert run.get("/helper/shout/hello").json() == "HELLO"
        assert run.get("/gateway/modules").json() == ["lab.gateway", "lab.helper"]


def test_calls_travel_over_tcp_when_asked_to(lab):
    more = f'{_apart()}\n[wire]\ntransport = "tcp"\n'
    with Run(lab(more), "--topology", "apart").ready() as run:
        assert run.get("/helper/shout/hello").json() == "HELLO"
        sockets = [path.name for path in _run_dir(run).glob("*.sock")]
        assert sockets == ["supervisor.sock"]


def test_uvicorns_options_are_passed_through(lab):
    more = "server_header = false\n" + _apart()
    with Run(lab(more)).ready() as run:
        assert run.get("/worker/echo/hello").headers["server"] is None


def test_a_deadline_is_answered_with_504(lab):
    with Run(lab(), "-t", "apart", env={"LAB_DEADLINE": "0.1"}).ready() as run:
        answer = run.get("/worker/sleep/30")
        assert answer.status == 504
        assert answer.json() == {"detail": "the request took longer than its deadline"}


def test_strict_mode_is_announced_and_works(lab):
    with Run(lab(), "--strict").ready() as run:
        assert run.get("/helper/shout/hello").json() == "HELLO"
        assert "lab · monolith · 1 process, strict" in run.err
        assert run.status()["strict"] is True


def test_without_amoeba_run_modules_are_built_in_place_with_a_warning(lab):
    folder = lab()
    program = (
        "import asyncio, json, sys, warnings\n"
        "warnings.simplefilter('always')\n"
        "import amoeba\n"
        "from lab.helper import Helper\n"
        "helper = amoeba.use(Helper)\n"
        "print(asyncio.run(helper.shout('hello')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent / "lab")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "HELLO\n", done.stderr
    assert "no Amoeba host runs here: the modules of" in done.stderr


def _apart() -> str:
    from_conftest = '[topologies.apart.processes.{}]\nmodules = ["{}"]\n'
    return from_conftest.format("workers", "worker") + from_conftest.format("helpers", "helper")


def _run_dir(run: Run) -> Path:
    from amoeba.app import read_application
    from amoeba.supervisor import find_runs

    return find_runs(read_application(run.folder / "amoeba.toml"))[0][0]


def _interpreter(folder: Path, *, sees_amoeba: bool) -> Path:
    """A virtual environment; the tests' own packages are visible in it, or not."""
    venv.create(folder, with_pip=False, symlinks=True)
    if sees_amoeba:
        source = Path(__file__).parents[2] / "src"
        packages = folder / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        paths = [*site.getsitepackages(), str(source)]
        (packages / "seen.pth").write_text("\n".join(paths))
    return folder / "bin" / "python"
