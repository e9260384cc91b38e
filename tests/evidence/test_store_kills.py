"""Killed at any instant, the file opens, is whole, and has every interval that was acknowledged."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import evidence_writer
import pytest
from evidence_records import edge

from amoeba.evidence.store import Evidence, Store

LONGEST_S = 0.15


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.acceptance)])
def test_a_kill_at_any_instant_loses_at_most_the_interval_being_added(path, kills):
    rng = random.Random(7)
    acknowledged = 0
    for _ in range(kills):
        acknowledged = max(acknowledged, write_and_kill(path, rng.uniform(0, LONGEST_S)))
        if rng.random() < 0.5:
            Store.open(path, most_bytes=evidence_writer.MOST_BYTES).close()
        kept = evidence_writer.last_number(path)
        assert acknowledged <= kept <= acknowledged + 1
        assert_whole(path, kept)
        acknowledged = kept
    assert acknowledged > kills
    assert not list(path.parent.glob("*damaged*"))


def write_and_kill(path: Path, after_s: float) -> int:
    """Run the writer, kill it so long after it began; the last number that it acknowledged."""
    environment = os.environ | {"PYTHONPATH": str(Path(evidence_writer.__file__).parent)}
    with subprocess.Popen(
        [sys.executable, evidence_writer.__file__, path], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.kill()
        lines = process.stdout.read().split()
    return int(lines[-1]) if lines else 0


def assert_whole(path: Path, kept: int) -> None:
    """Every number up to `kept` is there, once: each of them added one call."""
    if not kept:
        return
    with Evidence.open(path) as evidence:
        assert [each for each in evidence.edges() if each.method == "number"] == [
            edge(kept, "number")
        ]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
