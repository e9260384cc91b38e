"""`amoeba restart`: a process begins anew while the others serve, one replica after the other."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import Run, command, wait_for

TWO = '\n[topologies.two.processes.workers]\nmodules = ["worker"]\nreplicas = 2\n'


def test_every_replica_begins_anew_and_no_request_fails(lab):
    with Run(lab(TWO), "-t", "two").ready() as run, ThreadPoolExecutor(1) as pool:
        before = set(run.pids("workers"))
        restarting = pool.submit(command, "restart", "worker", cwd=run.folder)
        statuses = set()
        while not restarting.done():
            statuses.add(run.get("/worker/pid").status)
        done = restarting.result()
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("amoeba: workers restarted in ")
        assert done.stderr.endswith("s: worker\n")
        assert statuses == {200}
        after = run.pids("workers")
        assert len(after) == 2
        assert not before & set(after)
        assert [each["restarts"] for each in run.replicas()] == [0, 0, 0]
        assert "restarting in" not in run.err


def test_a_call_in_flight_is_answered_before_its_process_ends(lab):
    with Run(lab(), "-t", "apart").ready() as run, ThreadPoolExecutor(1) as pool:
        in_flight = pool.submit(run.get, "/worker/sleep/1")
        run.wait_for_line("worker sleeps")
        done = command("restart", "workers", cwd=run.folder)
        assert done.returncode == 0, done.stderr
        assert in_flight.result().status == 200
        assert run.get("/worker/pid").status == 200


def test_without_a_name_everything_begins_anew_and_connections_wait(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        before = {each["pid"] for each in run.replicas()}
        done = command("restart", cwd=run.folder)
        assert done.returncode == 0, done.stderr
        assert len(done.stderr.splitlines()) == 3
        assert not before & {each["pid"] for each in run.replicas()}
        assert run.get("/worker/echo/back").status == 200


def test_a_process_that_was_given_up_is_tried_again(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        for restarts in range(5):
            (pid,) = wait_for(lambda: [p for p in run.pids("workers") if p], "its process")
            wait_for(lambda: run.replicas()[1]["state"] == "ready", "the worker")
            os.kill(pid, signal.SIGKILL)
            run.wait_for_line(r"workers\.0 was ended by SIGKILL", restarts + 1)
        run.wait_for_line("it is not restarted")
        assert run.get("/worker/pid").status == 503
        done = command("restart", "worker", cwd=run.folder)
        assert done.returncode == 0, done.stderr
        assert run.get("/worker/pid").status == 200


def test_a_name_of_nothing_is_said_with_what_was_meant(lab):
    with Run(lab(), "-t", "apart").ready() as run:
        done = command("restart", "wroker", cwd=run.folder)
        assert done.returncode == 2
        assert done.stderr == (
            "amoeba: NAMES: topology 'apart' has neither a module nor a process 'wroker'\n"
            "  hint: did you mean 'worker'?\n"
        )


@pytest.mark.parametrize("name", ["worker", ""])
def test_what_does_not_run_cannot_be_restarted(lab, name):
    done = command("restart", *filter(None, [name]), cwd=lab())
    assert done.returncode == 1
    assert "'lab' does not run" in done.stderr


SHOP = """
[app]
name = "shop"
gateway = "shop_web:app"

[modules.stock]
implementation = "shop_stock:Stock"

[topologies.two.processes.stocks]
modules = ["stock"]
replicas = 2

[gateway.uvicorn]
log_level = "warning"
"""

WEB = """
import json, os
import amoeba

stock = amoeba.use("stock")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = json.dumps(await stock.left()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""

STOCK = """
class Stock:
    async def left(self) -> int:
        return 7
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "amoeba.toml").write_text(SHOP)
    (tmp_path / "shop_web.py").write_text(WEB)
    (tmp_path / "shop_stock.py").write_text(STOCK)
    return tmp_path


@pytest.mark.parametrize(
    "broken",
    [
        "raise RuntimeError('no such model')\n",
        "class Stock:\n    async def left(self) -> int\n        return 7\n",
        "class Stock:\n    def __init__(self, missing: str) -> None: ...\n"
        "    async def left(self) -> int:\n        return 7\n",
    ],
    ids=["raises", "no Python", "asks for more"],
)
def test_code_that_cannot_start_costs_one_replica_and_is_said(shop, broken):
    with Run(shop, "-t", "two").ready() as run:
        before = run.pids("stocks")
        assert run.get("/").json() == 7  # the gateway reads the class when it first needs it
        (shop / "shop_stock.py").write_text(broken)
        done = command("restart", "stock", cwd=shop)
        assert done.returncode == 1, done.stderr
        assert "stocks.0 was not restarted: " in done.stderr
        assert "hint: its output says more" in done.stderr
        assert run.get("/").json() == 7
        assert before[1] in run.pids("stocks")
        (shop / "shop_stock.py").write_text(STOCK.replace("7", "8"))
        wait_for(
            lambda: command("restart", "stock", cwd=shop).returncode == 0, "a restart that works"
        )
        assert {run.get("/").json() for _ in range(10)} == {8}
        assert not set(before) & set(run.pids("stocks"))


def test_two_restarts_at_once_leave_a_replica_at_any_time(lab):
    with Run(lab(TWO), "-t", "two").ready() as run, ThreadPoolExecutor(2) as pool:
        restarting = [pool.submit(command, "restart", "worker", cwd=run.folder) for _ in range(2)]
        statuses = set()
        while not all(each.done() for each in restarting):
            statuses.add(run.get("/worker/pid").status)
        assert [each.result().returncode for each in restarting] == [0, 0]
        assert statuses == {200}


def test_only_the_run_that_is_meant_is_restarted(lab):
    with Run(lab()).ready() as run, Run(run.folder, "--isolated").ready() as other:
        before = [each["pid"] for each in other.replicas()]
        assert command("restart", cwd=run.folder).returncode == 0
        assert [each["pid"] for each in other.replicas()] == before
        done = command("restart", "--pid", "1", cwd=run.folder)
        assert done.returncode == 2
        assert "no run has the supervisor 1" in done.stderr
        pid = str(other.process.pid)
        assert command("restart", "--pid", pid, cwd=run.folder).returncode == 0
        assert [each["pid"] for each in other.replicas()] != before
