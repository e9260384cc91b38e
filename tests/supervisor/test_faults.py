"""What is lost when a process is killed: the calls in flight in it, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness import Answer, Run, alive, command, wait_for

import amoeba


def test_a_killed_process_fails_only_its_own_endpoints_and_comes_back(lab):
    with Run(lab(), "-t", "apart").ready() as run, ThreadPoolExecutor(1) as pool:
        (pid,) = run.pids("workers")
        in_flight = pool.submit(run.get, "/worker/sleep/30")
        run.wait_for_line("worker sleeps")
        os.kill(pid, signal.SIGKILL)
        lost = in_flight.result()
        assert lost.status == 503
        assert lost.headers["retry-after"] == "1"
        assert lost.json() == {"detail": "module worker is unavailable, try again later"}
        assert run.get("/gateway/pid").status == 200
        assert wait_for(lambda: run.get("/worker/echo/back").status == 200, "the worker's return")
        assert run.get("/helper/shout/back").json() == "BACK"
        assert run.pids("workers") != [pid]
        run.wait_for_line(r"workers\.0 was ended by SIGKILL; restarting in 0\.1 s")


def test_while_a_module_is_down_its_callers_fail_fast_and_readyz_names_it(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        (pid,) = run.pids("workers")
        run.get("/worker/pid")  # the lab's gateway asks for its modules when it is asked itself
        wait_for(lambda: run.status()["totals"], "the report that tells what the gateway needs")
        os.kill(pid, signal.SIGKILL)
        answer = wait_for(lambda: _if_status(503, run.admin("/readyz")), "readyz to notice")
        assert answer.json() == {"ready": False, "missing": ["worker"]}
        assert wait_for(lambda: run.admin("/readyz").status == 200, "readyz to recover")


def test_another_replica_takes_the_calls_of_a_killed_one(lab):
    more = '\n[topologies.two.processes.workers]\nmodules = ["worker"]\nreplicas = 2\n'
    with Run(lab(more), "-t", "two").ready() as run:
        pids = run.pids("workers")
        seen: set[int] = set()
        wait_for(lambda: seen.add(run.get("/worker/pid").json()) or seen == set(pids), "both")
        os.kill(pids[0], signal.SIGKILL)
        run.wait_for_line(
            r"workers\.\d was ended by SIGKILL"
        )  # with all its threads, so its sockets
        # The gateway may read of their end and of this request at once.
        run.get("/worker/pid")
        assert {run.get("/worker/pid").status for _ in range(20)} == {200}


def test_a_call_is_not_tried_again_unless_it_is_idempotent(lab, tmp_path):
    more = '\n[topologies.two.processes.workers]\nmodules = ["worker"]\nreplicas = 2\n'
    with Run(lab(more), "-t", "two").ready() as run:
        once, never = tmp_path / "once", tmp_path / "never"
        assert run.get(f"/worker/die_once/{_quoted(once)}").json() == "survived"
        assert once.read_text() == "called\ncalled\n"
        assert run.get(f"/worker/die/{_quoted(never)}").status == 503
        assert never.read_text() == "called\n"


def test_a_stream_that_loses_its_producer_fails_after_its_items(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        assert run.get("/worker/numbers_then_die").status == 503
        assert wait_for(lambda: run.get("/worker/echo/back").status == 200, "the worker's return")


def test_a_killed_gateway_process_loses_no_later_request(lab):
    more = '\n[topologies.edge.processes.web]\nmodules = ["gateway"]\n'
    with Run(lab(more), "-t", "edge").ready() as run:
        pid = run.get("/gateway/pid").json()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), "its end")
        # The supervisor holds the listening socket: the request waits until the gateway is back.
        assert run.get("/gateway/pid").json() != pid


def test_five_crashes_make_the_modules_unavailable_with_a_report(lab):
    more = """
[modules.fragile]
implementation = "lab.broken:DiesAtStart"

[topologies.apart.processes.fragile]
modules = ["fragile"]
"""
    with Run(lab(more), "-t", "apart").ready() as run:
        run.wait_for_line(
            r"fragile\.0 ended with exit code 7, 5 times within 60 s; it is not restarted, "
            "its modules are unavailable: fragile"
        )
        answer = run.get("/fragile/ping")
        assert answer.status == 503
        assert run.get("/worker/echo/hello").status == 200
        assert run.status()["down"] == {"fragile": "crashed 5 times within 60 s"}


def test_five_crashes_of_the_gateways_process_end_the_run(lab):
    with Run(lab("")).ready() as run:
        for count in range(1, 5):
            os.kill(run.get("/gateway/pid").json(), signal.SIGKILL)
            run.wait_for_line("restarting in", count)
            wait_for(lambda: run.status()["replicas"][0]["state"] == "ready", "its return")
        os.kill(run.get("/gateway/pid").json(), signal.SIGKILL)
        assert run.exit_code() == 1
        assert "5 times within 60 s; it runs the gateway, so the run ends" in run.err


def test_more_memory_than_the_limit_restarts_the_replica(lab):
    more = '\n[topologies.apart.processes.workers]\nmodules = ["worker"]\nmemory = "120MiB"\n'
    with Run(lab(more), "-t", "apart").ready() as run:
        (pid,) = run.pids("workers")
        assert run.get("/worker/grow/150").json() == "grown"
        run.wait_for_line(r"workers\.0 uses \d+ MiB, its limit is 120 MiB: restarting")
        wait_for(lambda: not alive(pid), "its end")
        assert wait_for(lambda: run.get("/worker/echo/back").status == 200, "its return")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_answered_while_the_run_drains(lab, number):
    with Run(lab(), "-t", "apart").ready() as run, ThreadPoolExecutor(1) as pool:
        request = pool.submit(run.get, "/worker/sleep/0.5")
        run.wait_for_line("worker sleeps")
        assert run.end(number) == 0
        assert request.result().json() == "slept"


@pytest.mark.parametrize("topology", ["monolith", "apart"])
def test_nothing_outlives_a_killed_supervisor(lab, topology):
    with Run(lab(), "-t", topology).ready() as run:
        pids = [each["pid"] for each in run.status()["replicas"]]
        grandchild = run.get("/worker/spawn").json()
        folder = _run_dir(run)
        os.kill(run.process.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(alive, pids)), "the replicas' end", timeout_s=4)
        wait_for(lambda: not folder.exists(), "the sockets' end", timeout_s=4)
        if topology == "apart":
            wait_for(lambda: not alive(grandchild), "the end of what they started")
        else:
            os.kill(grandchild, signal.SIGKILL)
    assert command("status", cwd=run.folder).returncode == 1


def test_a_busy_replica_does_not_outlive_its_supervisor_either(lab):
    with Run(lab(), "-t", "apart").ready() as run, ThreadPoolExecutor(1) as pool:
        (pid,) = run.pids("workers")
        request = pool.submit(run.get, "/worker/spin")
        run.wait_for_line("worker spins")
        os.kill(run.process.pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid), "its end", timeout_s=4)
        assert request.exception() is not None or request.result().status == 503


def test_no_socket_and_no_process_is_left_after_a_run(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        pids = [each["pid"] for each in run.status()["replicas"]]
        grandchild = run.get("/worker/spawn").json()
        folder = _run_dir(run)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.glob("*.sock")} == {0o600}
        assert run.end() == 0
    assert not folder.exists()
    assert not any(map(alive, pids))
    wait_for(lambda: not alive(grandchild), "the end of what it started")


def _if_status(status: int, answer: Answer) -> Answer | None:
    return answer if answer.status == status else None


def _quoted(path: Path) -> str:
    return str(path).replace("/", "%2F")


def _run_dir(run: Run) -> Path:
    from amoeba.app import read_application
    from amoeba.supervisor import find_runs

    return find_runs(read_application(run.folder / "amoeba.toml"))[0][0]


@pytest.mark.parametrize("method", ["die", "die_once"])  # the second one is idempotent
def test_a_caller_knows_whether_its_own_call_was_running_when_the_callee_was_lost(
    lab, tmp_path, method
):
    async def outcome(call: Awaitable[object]) -> amoeba.Unavailable:
        with pytest.raises(amoeba.Unavailable) as caught:
            await call
        return caught.value

    async def calls() -> tuple[bool, bool]:
        async with amoeba.open(lab() / "amoeba.toml", topology="apart") as app:
            worker = app.get("worker")
            running = await outcome(getattr(worker, method)(str(tmp_path / "called")))
            return running.broke_off, (await outcome(worker.pid())).broke_off

    assert asyncio.run(asyncio.wait_for(calls(), 60)) == (True, False)
