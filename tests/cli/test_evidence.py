"""The export as a program reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from evidence_records import busy_interval, interval, keep

from amoeba.cli.evidence import export, seconds_of
from amoeba.errors import ConfigurationError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.db"
    now_s = time.time()
    keep(path, interval(now_s - 7000, calls=1), interval(now_s - 10, calls=2), now_s=now_s)
    return path


def printed(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_every_record_is_a_line_of_json(path, capfd):
    export(path)
    kinds = [each["kind"] for each in printed(capfd)]
    assert kinds == ["lives", "edges", "processes", "edges", "processes"]


def test_the_kinds_and_how_far_back_can_be_chosen(path, capfd):
    export(path, "1h", ["edges"])
    assert [(each["kind"], each["calls"]) for each in printed(capfd)] == [("edges", 2)]


def test_wrong_options_are_all_named(path):
    with pytest.raises(ConfigurationError) as caught:
        export(path, "", ["egdes", "spam"])
    assert str(caught.value) == (
        "--kind: unknown kind 'egdes'\n  hint: did you mean 'edges'?\n"
        "--kind: unknown kind 'spam'\n  hint: did you mean 'spans'?\n"
        "2 problems"
    )


@pytest.mark.parametrize(
    ("ago", "seconds"), [("90s", 90), ("30m", 1800), ("1.5h", 5400), ("7d", 604_800)]
)
def test_a_length_of_time_is_a_number_and_a_unit(ago, seconds):
    assert seconds_of(ago) == seconds


@pytest.mark.parametrize("ago", ["2", "h", "2 h", "-2h", "2w"])
def test_another_length_of_time_is_refused_with_what_was_expected(ago):
    with pytest.raises(ConfigurationError, match="expected: a number and a unit"):
        seconds_of(ago)


PROGRAM = "import sys, pathlib; from amoeba.cli.evidence import export; export(pathlib.Path({!r}))"


def test_a_reader_that_has_read_enough_ends_it_quietly(tmp_path):
    path = tmp_path / "evidence.db"
    keep(path, *[busy_interval(time.time() - n, spans=1000, seed=n) for n in range(5)])
    reading, writing = os.pipe()
    command = [sys.executable, "-c", PROGRAM.format(str(path))]
    with subprocess.Popen(command, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        assert os.read(reading, 10)
        os.close(reading)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0
