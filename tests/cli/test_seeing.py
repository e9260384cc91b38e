"""What an application did is shown while it runs and afterwards, from what was kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness import Run, command, fetch
from seen_app import CONFIG

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose application has run in two processes, and has ended."""
    folder = tmp_path_factory.mktemp("seen")
    (folder / "amoeba.toml").write_text(CONFIG)
    with Run(folder, "-t", "apart").ready() as run:
        for _ in range(5):
            assert run.get("/worker/echo/hello").json() == "hello"
        asked = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        assert fetch(f"{run.url}/worker/echo/traced", headers=asked).status == 200
        assert run.end() == 0
        assert "evidence" not in run.err
    return folder


def told(folder: Path, *args: str) -> Any:
    done = command(*args, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_edges_are_those_of_all_processes(seen):
    edges = {(each["caller"], each["module"], each["method"]): each for each in told(seen, "edges")}
    assert edges["http", "gateway", "GET other"]["calls"] == 6
    assert edges["http", "gateway", "GET other"]["samples"]["calls"] >= 1
    assert edges["http", "gateway", "GET other"]["samples"]["cpu_ns"] > 0
    echo = edges["gateway", "worker", "echo"]
    assert echo["calls"] == sum(echo["latency"].values()) == 6
    samples = echo["samples"]
    assert 1 <= samples["calls"] <= 6
    assert samples["argument_bytes"] > 0
    assert samples["cpu_ns"] > 0  # what the other process measured


def test_edges_are_a_table_for_people(seen):
    done = command("edges", cwd=seen)
    assert done.returncode == 0
    assert "gateway → worker.echo" in done.stdout
    assert "looked at" in done.stdout
    assert command("edges", "--topology", "monolith", cwd=seen).stdout.endswith(
        "nothing was called\n"
    )


def test_a_trace_goes_over_both_processes(seen):
    spans = told(seen, "trace", TRACE[:10])
    chain = {(span["module"], span["side"]): span for span in spans}
    assert set(chain) == {("gateway", "server"), ("worker", "client"), ("worker", "server")}
    first, call, answer = (
        chain["gateway", "server"],
        chain["worker", "client"],
        chain["worker", "server"],
    )
    assert first["parent_id"] == PARENT
    assert call["parent_id"] == first["span_id"]
    assert answer["parent_id"] == call["span_id"]
    assert (first["replica"], answer["replica"]) == ("main.0", "workers.0")
    assert first["duration_ns"] >= call["duration_ns"] >= answer["duration_ns"] > 0


def test_a_trace_is_a_waterfall_for_people(seen):
    lines = command("trace", TRACE, cwd=seen).stdout.splitlines()
    assert lines[0].startswith(f"trace {TRACE} · ")
    assert lines[2].split()[:3] == ["GET", "other", "main.0"]
    assert [line.split()[0] for line in lines[3:5]] == ["worker.echo", "worker.echo"]
    assert all("█" in line for line in lines[2:5])
    assert lines[5].startswith("█ on the critical path")


def test_the_times_on_the_path_are_those_of_the_request(seen):
    spans = told(seen, "trace", TRACE)
    first = next(span for span in spans if span["parent_id"] == PARENT)
    assert sum(span["path_ns"] for span in spans) == first["duration_ns"]
    assert all(span["path_ns"] >= 0 for span in spans)


def test_requests_are_added_up_by_module(seen):
    found = told(seen, "trace", "--by-module", "--route", "GET other")
    calls = {each["module"]: each for each in found["together"]["all"]["calls"]}
    assert set(calls) == {"gateway", "worker"}
    assert calls["worker"]["sequential"] == found["together"]["all"]["requests"] >= 1
    assert [each["route"] for each in found["routes"]] == ["GET other"]
    assert "worker.echo" in command("trace", TRACE, "--by-module", cwd=seen).stdout
    nowhere = command("trace", "--by-module", "--route", "GET /no", cwd=seen)
    assert nowhere.stdout == "no traced request is kept yet\n"


@pytest.mark.parametrize("args", [("edges",), ("trace",), ("trace", "--by-module")])
def test_what_is_shown_fits_its_terminal(seen, args):
    done = command(*args, cwd=seen, env={"COLUMNS": "80"})
    assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout


def test_traces_are_listed_and_chosen_by_route(seen):
    listed = told(seen, "trace", "--route", "GET other")
    assert TRACE in [each["trace_id"] for each in listed]
    assert {each["route"] for each in listed} == {"GET other"}
    assert told(seen, "trace", "--route", "GET /nowhere") == []
    assert "no trace is kept yet" in command("trace", "--route", "GET /no", cwd=seen).stdout


def test_everything_can_be_exported(seen):
    done = command("evidence", "export", "--kind", "lives", "--kind", "spans", cwd=seen)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert {record["kind"] for record in records} == {"lives", "spans"}
    (live,) = [record for record in records if record["kind"] == "lives"]
    assert live["topology"] == "apart"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("trace", "ffff"), 1, "TRACE_ID: no trace begins with 'ffff'"),
        (("edges", "--since", "soon"), 2, "--since: 'soon' is no length of time"),
        (("evidence", "export", "--kind", "spam"), 2, "--kind: unknown kind 'spam'"),
    ],
)
def test_what_is_asked_wrongly_is_refused(seen, args, code, said):
    done = command(*args, cwd=seen)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_without_evidence_there_is_a_hint(tmp_path):
    (tmp_path / "amoeba.toml").write_text(CONFIG)
    done = command("edges", cwd=tmp_path)
    assert done.returncode == 1
    assert "hint: " in done.stderr


def test_evidence_is_not_kept_when_it_is_not_wanted(tmp_path):
    (tmp_path / "amoeba.toml").write_text(f"{CONFIG}\n[evidence]\nkeep = false\n")
    with Run(tmp_path).ready() as run:
        assert run.get("/worker/echo/hello").status == 200
    assert not (tmp_path / ".amoeba").exists()
