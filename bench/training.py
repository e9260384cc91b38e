"""Measures what training costs those who are being served. `make bench-training`.

The support desk answers `POST /triage` at a steady rate, first undisturbed, then while it trains
new models, as `monolith` (training shares the process) and as `training-apart` (it has its own).
Rounds of both are interleaved. Open loop: a latency counts from the moment at which the request was
meant to be sent, so waiting is not hidden. Client and server share the machine.

Trains on `../shared/data` where that is, otherwise on the corpus of the example. Writes
`bench/results/training.json` and `training.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[1]
DESK = ROOT / "examples" / "support_desk"
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "bench" / "results"
TOPOLOGIES = ("monolith", "training-apart")
TOKEN = {"authorization": "Bearer bench"}
PHASES = ("undisturbed", "training")


@contextmanager
def serving(topology: str, models: Path, data: Path | None) -> Iterator[str]:
    """The desk with a copy of the models, since training writes new ones; gives its URL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(models, folder / "models")
        environment = os.environ | {
            "SUPPORT_DESK_MODELS": str(folder / "models"),
            "SUPPORT_DESK_ADMIN_TOKEN": "bench",
            "AMOEBA_TICKETS__DATABASE": f"sqlite:///{folder}/tickets.db",
            "AMOEBA_FEATURES__DATABASE": f"sqlite:///{folder}/features.db",
            "AMOEBA_TRAINING__DATA": str(data or ""),
        }
        command = [sys.executable, "-m", "amoeba", "run", "--isolated", "--topology", topology]
        log = (folder / "log").open("w+")
        with log, subprocess.Popen(command, cwd=DESK, env=environment, stderr=log) as process:
            try:
                yield _banner(process, folder / "log")
            finally:
                process.terminate()
                process.wait()


def _banner(process: subprocess.Popen[bytes], log: Path) -> str:
    while process.poll() is None:
        said = log.read_text()
        if "stop with Ctrl-C" in said:
            return "http" + said.rpartition("amoeba: http")[2].partition(" ")[0]
        time.sleep(0.05)
    raise SystemExit(f"the desk did not start:\n{log.read_text()}")


class Clients:
    """Sends one request every `1 / rate` seconds, and notes how long each answer took, in ms."""

    def __init__(self, http: httpx.AsyncClient, texts: list[str], rate: float) -> None:
        self._http, self._texts, self._rate = http, itertools.cycle(texts), rate
        self.latencies_ms: list[float] = []
        self.failed = 0
        self.late_ms = 0.0

    async def run(self, until: asyncio.Event) -> None:
        """Go on until told to stop, then wait for the answers that are still to come."""
        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in itertools.count():
                meant = start + number / self._rate
                await asyncio.sleep(max(0.0, meant - time.perf_counter()))
                if until.is_set():
                    return
                self.late_ms = max(self.late_ms, (time.perf_counter() - meant) * 1000)
                group.create_task(self._ask(meant))

    async def _ask(self, meant: float) -> None:
        try:
            answer = await self._http.post("/triage", json={"text": next(self._texts)})
        except httpx.TransportError:
            self.failed += 1
        else:
            self.failed += answer.status_code != 200
        self.latencies_ms.append((time.perf_counter() - meant) * 1000)


@asynccontextmanager
async def load(clients: Clients) -> Any:
    """Load while inside."""
    stop = asyncio.Event()
    task = asyncio.create_task(clients.run(stop))
    yield
    stop.set()
    await task


async def measure(url: str, texts: list[str], rate: float, quiet_s: float) -> dict[str, Any]:
    """Both phases of one run."""
    # Well below uvicorn's 5 s: a connection is not used again while the server closes it.
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
    async with httpx.AsyncClient(base_url=url, timeout=120, limits=limits) as http:
        for text in texts[:50]:
            (await http.post("/triage", json={"text": text})).raise_for_status()
        before, during = Clients(http, texts, rate), Clients(http, texts, rate)
        async with load(before):
            await asyncio.sleep(quiet_s)
        begun = time.perf_counter()
        async with load(during):
            started = await http.post("/admin/training", json={"seed": 1}, headers=TOKEN)
            started.raise_for_status()
            watched = await http.get(started.headers["location"], headers=TOKEN)
        if '"state": "succeeded"' not in watched.text:
            raise SystemExit(f"training did not succeed:\n{watched.text[-500:]}")
        took_s = time.perf_counter() - begun
    return {"training_s": took_s, PHASES[0]: summary(before), PHASES[1]: summary(during)}


def summary(clients: Clients) -> dict[str, float]:
    """What one phase saw. `client_late_ms`: how late the client itself was at most."""
    ordered = sorted(clients.latencies_ms)
    quantiles = statistics.quantiles(ordered, n=100, method="inclusive")
    return {
        "requests": len(ordered),
        "failed": clients.failed,
        "p50_ms": quantiles[49],
        "p95_ms": quantiles[94],
        "p99_ms": quantiles[98],
        "max_ms": ordered[-1],
        "client_late_ms": clients.late_ms,
    }


def messages(data: Path | None) -> list[str]:
    """What is asked: banking77's messages, or the corpus'."""
    if data is not None:
        with (data / "banking77" / "train.csv").open(newline="", encoding="utf-8") as file:
            return [row["text"] for row in csv.DictReader(file)][::5]
    corpus = DESK / "support_desk" / "data" / "corpus.jsonl"
    return [json.loads(line)["text"] for line in corpus.read_text().splitlines()]


def table(result: dict[str, Any]) -> str:
    """The result as Markdown: medians of the rounds, with the lowest and the highest."""
    lines = [
        f"`POST /triage` at {result['rate']:g} requests/s, open loop, {result['rounds']} rounds; "
        f"{result['machine']}, Python {result['python']}, {result['date']}; trained on "
        f"{result['data']}. Milliseconds, median of the rounds (lowest to highest).",
        "",
        "| topology | while | p50 | p95 | p99 | longest | failed | training took |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for topology in TOPOLOGIES:
        rounds = [each for each in result["runs"] if each["topology"] == topology]
        for phase in PHASES:
            figures = [spread([r[phase][f"{name}_ms"] for r in rounds])
                       for name in ("p50", "p95", "p99", "max")]  # fmt: skip
            failed = sum(int(each[phase]["failed"]) for each in rounds)
            took = statistics.median(each["training_s"] for each in rounds)
            last = f"{took:.1f} s" if phase == "training" else ""
            lines.append(f"| {topology} | {phase} | {' | '.join(figures)} | {failed} | {last} |")
    return "\n".join(lines) + "\n"


def spread(values: list[float]) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=30.0, help="requests a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quiet-s", type=float, default=20.0, help="seconds undisturbed")
    parser.add_argument("--corpus", action="store_true", help="train on the example's corpus")
    options = parser.parse_args()
    data = DATA if (DATA / "banking77").is_dir() and not options.corpus else None
    runs = []
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "support_desk.training", "--out", name, "--quiet"]
        subprocess.run(command, cwd=DESK, check=True, stdout=subprocess.DEVNULL)
        for number, topology in itertools.product(range(options.rounds), TOPOLOGIES):
            print(f"round {number + 1} of {options.rounds}: {topology} …", file=sys.stderr)
            with serving(topology, Path(name), data) as url:
                found = asyncio.run(measure(url, messages(data), options.rate, options.quiet_s))
            runs.append({"topology": topology} | found)
    result = {
        "machine": f"{os.cpu_count()} CPUs {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "data": "banking77 and NLU++" if data else "the example's corpus",
        "rate": options.rate,
        "rounds": options.rounds,
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "training.json").write_text(json.dumps(result, indent=2) + "\n")
    (RESULTS / "training.md").write_text(table(result))
    print(table(result))


if __name__ == "__main__":
    main()
