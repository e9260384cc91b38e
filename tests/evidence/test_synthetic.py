"""The evidence of an application whose figures are known names each of them within 5 %.

Known is what was asked for, where that is exact, otherwise what the application's own clocks said
of the same calls, so that a busy machine changes both sides alike.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from harness import Run, command, fetch, wait_for

pytestmark = pytest.mark.acceptance

SOURCE = Path(__file__).parent / "synthetic"
OF_THE_MOMENT = ("rss_bytes", "rss_at_start_bytes", "descriptors", "in_flight")
WAITS = {5: 60, 20: 60, 60: 30}
SIZES = {1_000: 30, 8_000: 30, 64_000: 30}
FAILURES = {"value": 7, "key": 5, "own": 3}
HELD = 5
NAMES = {
    "/fail": "kind",
    "/carry": "size",
    "/allocate": "size",
    "/ask": "times",
    "/hold": "whom",
    "/release": "whom",
}
ALLOCATED = 200_000_000
TRACED = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


def close(known: float) -> Any:
    return pytest.approx(known, rel=0.05)


@dataclass
class Known:
    """What the application was asked for, and what its own clocks said."""

    requests: Counter[str] = field(default_factory=Counter)
    told: dict[str, list[int]] = field(default_factory=dict)
    took: dict[str, list[int]] = field(default_factory=dict)
    cpu_ns: int = 0


@dataclass
class Told:
    """What the evidence says, of all intervals together."""

    edges: dict[str, Any]
    processes: dict[str, Any]


class Driver:
    """Asks a running application for what it knows to answer."""

    def __init__(self, run: Run) -> None:
        self.run, self.known = run, Known()
        self._random = random.Random(7)

    def ask(self, path: str, times: int, at_once: int = 1, headers: Any = None) -> None:
        one = partial(fetch, f"{self.run.url}{path}", data={}, headers=headers)
        with ThreadPoolExecutor(at_once) as pool:
            answers = list(pool.map(lambda _: one(), range(times)))
        assert {answer.status for answer in answers} == {200}
        self.known.requests[path.rpartition("/")[0]] += times
        self.known.told.setdefault(path, []).extend(answer.json() for answer in answers)

    def drive(self) -> Known:
        for ms, times in WAITS.items():
            self.ask(f"/wait/{ms}", times, at_once=3)
        for kind, times in FAILURES.items():
            self.ask(f"/fail/{kind}", times)
        for size, times in SIZES.items():
            self.ask(f"/carry/{size}", times, at_once=3, headers=TRACED)
        self.ask("/ask/4", 10)
        self.ask("/knead/10", 40, headers=TRACED)
        with ThreadPoolExecutor(2) as pool:
            burners = [
                pool.submit(self.ask, "/mill/400", 10),
                pool.submit(self.ask, "/kiln/250", 14),
            ]
            for burner in burners:
                burner.result()
        for _ in range(10):
            self.ask("/block/300", 1)
            time.sleep(self._random.uniform(0.01, 0.06))  # the next block is out of step
        self.ask(f"/allocate/{ALLOCATED}", 1)
        self.ask("/serve/200", 24, at_once=24, headers=TRACED)
        self.known.took = self.run.get("/took").json()
        self.known.cpu_ns = self.run.get("/cpu").json()
        return self.known

    def held(self, count: int) -> None:
        """So many calls are seen in flight, and none once they have ended."""
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.ask, "/hold/all", count, count)
            wait_for(lambda: self._in_flight() == count, f"{count} calls in flight")
            self.ask("/release/all", 1)
            asked.result()
        wait_for(lambda: self._in_flight() == 0, "no call in flight")

    def _in_flight(self) -> int:
        edges = self.run.status()["totals"]
        return sum(
            e["in_flight"] for e in edges if (e["caller"], e["method"]) == ("gateway", "hold")
        )


def told_by(folder: Path) -> Told:
    done = command("evidence", "export", "--kind", "edges", "--kind", "processes", cwd=folder)
    assert done.returncode == 0, done.stderr
    told = Told({}, {})
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record["kind"] == "edges":
            name = f"{record['caller']} → {record['module']}.{record['method']}"
            add(told.edges.setdefault(name, {}), record)
        else:
            add(told.processes.setdefault(record["replica"], {}), record)
    return told


def add(into: dict[str, Any], record: dict[str, Any]) -> None:
    """Sums, and of what is of the moment the last."""
    for name, value in record.items():
        if isinstance(value, str) or name in OF_THE_MOMENT:
            into[name] = value
        elif isinstance(value, int | float):
            into[name] = into.get(name, 0) + value
        elif isinstance(value, dict):
            add(into.setdefault(name, {}), value)
        elif isinstance(value, list):
            into[name] = into.get(name, []) + value


def count(histogram: list[list[float]]) -> int:
    return sum(int(times) for _, times in histogram)


def total(histogram: list[list[float]]) -> float:
    return sum(ns * times for ns, times in histogram)


@pytest.fixture(scope="module", params=["monolith", "split"])
def measured(request, tmp_path_factory) -> tuple[Known, Told]:
    folder = tmp_path_factory.mktemp("synthetic") / request.param
    shutil.copytree(SOURCE, folder)
    with Run(folder, "-t", request.param).ready() as run:
        driver = Driver(run)
        driver.held(HELD)
        known = driver.drive()
        assert run.end() == 0
    return known, told_by(folder)


def test_calls_are_counted_exactly(measured):
    known, told = measured
    routes = {
        edge["method"]: edge["calls"] for edge in told.edges.values() if edge["caller"] == "http"
    }
    sent = {f"POST {p}/{{{NAMES.get(p, 'ms')}}}": times for p, times in known.requests.items()}
    assert routes == sent | {"GET /took": 1, "GET /cpu": 1}
    called = {name: edge["calls"] for name, edge in told.edges.items() if "http" not in name}
    assert called == {
        "gateway → waiter.wait": sum(WAITS.values()),
        "gateway → waiter.hold": HELD,
        "gateway → waiter.release": 1,
        "gateway → waiter.fail": sum(FAILURES.values()),
        "gateway → porter.carry": sum(SIZES.values()),
        "gateway → porter.ask": 10,
        "porter → waiter.wait": 40,
        "gateway → mill.burn": 10,
        "gateway → baker.knead": 40,
        "gateway → kiln.burn": 14,
        "gateway → blocker.block": 10,
        "gateway → hoarder.allocate": 1,
        "gateway → clerk.serve": 24,
    }


def test_errors_are_counted_by_kind(measured):
    _, told = measured
    errors = told.edges["gateway → waiter.fail"]["errors"]
    assert errors == {"ValueError": 7, "KeyError": 5, "Unwilling": 3}


def test_latency_is_what_the_caller_waited(measured):
    known, told = measured
    histogram = told.edges["gateway → waiter.wait"]["latency"]
    waited = sorted(ns for name, each in known.took.items() if "wait" in name for ns in each)
    told_ns = sorted(ns for ns, times in histogram for _ in range(int(times)))
    assert sum(told_ns) == close(sum(waited))
    for q in (0.1, 0.5, 0.9, 0.99):
        at = int(q * (len(waited) - 1))
        assert told_ns[at] == close(waited[at]), q


def test_payloads_have_their_encoded_size(measured):
    _, told = measured
    samples = told.edges["gateway → porter.carry"]["samples"]
    assert samples["calls"] == sum(SIZES.values())
    encoded = {size: len(msgspec.msgpack.encode([bytes(size)])) for size in SIZES}
    assert samples["argument_bytes"] == close(sum(encoded[s] * n for s, n in SIZES.items()))
    assert samples["answer_bytes"] == close(sum(s // 2 * n for s, n in SIZES.items()))
    assert samples["encode_ns"] > 0 < samples["decode_ns"]


def test_latency_is_known_by_size(measured):
    known, told = measured
    by_size = told.edges["gateway → porter.carry"]["samples"]["by_size"]
    curve = {
        below: (
            sum(c for b, c, _ in by_size if b == below),
            sum(ns for b, _, ns in by_size if b == below),
        )
        for below, _, _ in by_size
    }
    for size, times in SIZES.items():
        calls, ns = curve[1 << (size + 3).bit_length()]
        assert calls == times
        assert ns == close(sum(known.took[f"carry {size}"]))


@pytest.mark.parametrize(
    ("method", "path"),
    [("mill.burn", "/mill/400"), ("kiln.burn", "/kiln/250"), ("baker.knead", "/knead/10")],
)
def test_cpu_of_a_call_is_that_of_its_thread(measured, method, path):
    known, told = measured
    samples = told.edges[f"gateway → {method}"]["samples"]
    spent = known.told[path]
    assert samples["cpu_ns"] / samples["calls"] == close(sum(spent) / len(spent))


def test_cpu_is_told_by_module(measured):
    known, told = measured
    found: Counter[str] = Counter()
    for each in told.processes.values():
        found.update(each["cpu_by_module"])
        assert sum(each["cpu_by_module"].values()) <= each["cpu_ns"]
    mill = sum(known.told["/mill/400"])
    kiln = sum(known.told["/kiln/250"])
    assert found["mill"] == close(mill)
    assert found["kiln"] == close(kiln)
    assert found["mill"] / (found["mill"] + found["kiln"]) == close(mill / (mill + kiln))


def test_cpu_of_a_process_is_what_its_own_clock_says(measured):
    known, told = measured
    assert told.processes["main.0"]["cpu_ns"] == close(known.cpu_ns)


def test_the_module_that_blocks_the_event_loop_is_named_with_its_time(measured):
    known, told = measured
    blocked: Counter[str] = Counter()
    for each in told.processes.values():
        blocked.update(each["blocked_by"])
    assert blocked["blocker"] == close(sum(known.told["/block/300"]))
    assert blocked.most_common(1)[0][0] == "blocker"


def test_memory_has_grown_by_what_was_allocated(measured):
    known, told = measured
    (grown,) = known.told[f"/allocate/{ALLOCATED}"]
    assert grown == close(ALLOCATED)
    process = told.processes.get("hoarding.0") or told.processes["main.0"]
    assert process["rss_bytes"] - process["rss_at_start_bytes"] == close(grown)


def test_time_in_the_queue_is_what_was_waited_for_a_turn(measured):
    known, told = measured
    queued = told.edges["gateway → clerk.serve"]["queued"]
    waited = known.told["/serve/200"]
    assert count(queued) == len(waited)
    assert total(queued) == close(sum(waited))
