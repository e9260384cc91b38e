"""The till, an application whose module fails in another process, and what is recorded of it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from harness import Run, command, fetch

HERE = Path(__file__).parent
CONFIG = """
[app]
name = "till"
gateway = "till.web:api"
paths = ["{here}"]

[modules.prices]
contract = "till.prices:Prices"
implementation = "till.prices_here:PricesHere"
settings = {{ notes = "file://{folder}/notes.txt" }}

[topologies.apart.processes.prices]
modules = ["prices"]

[gateway.uvicorn]
log_level = "critical"

[evidence.payloads]
routes = ["POST /buy", "GET /weight/{{item}}", "POST /notes", "GET /events", "POST /upload",
          "GET /late"]
request = "4KiB"
redact = ["$.customer", "query:token"]
"""
SECRETS = ("s3cr3t-customer", "s3cr3t-token", "s3cr3t-header")


class Till(NamedTuple):
    """The application's folder, and the trace of each request that was made."""

    folder: Path
    traces: dict[str, str]
    secrets: tuple[str, ...] = SECRETS

    def replay(self, name: str, *args: str, **env: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of `amoeba replay`, without a terminal."""
        done = command("replay", self.traces[name], *args, cwd=self.folder, env=env)
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="session")
def till(tmp_path_factory: pytest.TempPathFactory) -> Till:
    """It has run in two processes, has answered some requests, and has ended."""
    folder = tmp_path_factory.mktemp("till")
    (folder / "amoeba.toml").write_text(CONFIG.format(here=HERE, folder=folder))
    with Run(folder, "-t", "apart").ready() as run:
        ask = _asking(run)
        traces = {
            "failed": ask("failed", "/buy", {"customer": SECRETS[0], "item": "tea", "count": 9}),
            "bought": ask("bought", "/buy", {"customer": SECRETS[0], "item": "tea", "count": 2}),
            "weighed": ask("weighed", f"/weight/heavy?token={SECRETS[1]}"),
            "noted": ask("noted", "/notes", "hello"),
            "large": ask("large", "/notes", "x" * 5000),
            "upload": ask("upload", "/upload", b"\x00\xff" * 100),
            "late": ask("late", "/late"),
            "stream": _trace(7),
        }
        _look_at_the_stream(run, traces["stream"])
        assert run.end() == 0
        assert "not kept" not in run.err
    return Till(folder, traces)


def _trace(number: int) -> str:
    return f"{number + 1:x}" * 32


def _asking(run: Run) -> Callable[..., str]:
    count = 0

    def ask(_name: str, path: str, data: Any = None) -> str:
        nonlocal count
        trace = _trace(count)
        count += 1
        headers = {"traceparent": f"00-{trace}-{'1' * 16}-01", "authorization": SECRETS[2]}
        if isinstance(data, bytes):
            _post(run, path, data, headers)
        else:
            fetch(f"{run.url}{path}", data, headers=headers)
        return trace

    return ask


def _post(run: Run, path: str, data: bytes, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(run.url.removeprefix("http://"))
    connection.request("POST", path, data, headers)
    connection.getresponse().read()
    connection.close()


def _look_at_the_stream(run: Run, trace: str) -> None:
    """Read some of an answer that does not end, and go away."""
    connection = http.client.HTTPConnection(run.url.removeprefix("http://"))
    connection.request("GET", "/events", headers={"traceparent": f"00-{trace}-{'1' * 16}-01"})
    assert connection.getresponse().read(100)
    connection.sock.close()
    connection.close()


def told(folder: Path, *args: str) -> Any:
    """What a command says with `--json`."""
    done = command(*args, "--json", cwd=folder)
    return json.loads(done.stdout)
