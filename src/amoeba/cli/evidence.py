"""`amoeba evidence export`: what was measured, as JSON lines."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from amoeba.errors import ConfigurationError, Problem, did_you_mean
from amoeba.evidence.store import KINDS, Evidence, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(rf"(\d+(?:\.\d+)?)([{''.join(_UNITS_S)}])")


def export(path: Path, since: str = "", kinds: Sequence[str] = ()) -> None:
    """Print the records of these kinds, all if none is named, one per line, on stdout.

    `since` is how far back, `2h`; everything if empty. A reader that has read enough, such as
    `head`, ends it. Raises ConfigurationError for a wrong option, StoreError when the evidence
    cannot be read.
    """
    chosen = _kinds(kinds)
    since_s = time.time() - seconds_of(since) if since else 0.0
    with Evidence.open(path) as evidence:
        try:
            for record in evidence.export(chosen, since_s):
                sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def seconds_of(ago: str) -> float:
    """`90s`, `30m`, `2h` or `7d` in seconds. Raises ConfigurationError."""
    found = _AGO.fullmatch(ago)
    if found is None:
        what, expected = f"{ago!r} is no length of time", "a number and a unit: 90s, 30m, 2h, 7d"
        raise ConfigurationError([Problem(what, "--since", expected)])
    return float(found[1]) * _UNITS_S[found[2]]


def _kinds(names: Sequence[str]) -> list[Kind]:
    problems = [
        Problem(f"unknown kind {name!r}", "--kind", hint=did_you_mean(name, KINDS))
        for name in names
        if name not in KINDS
    ]
    if problems:
        raise ConfigurationError(problems)
    return [kind for kind in KINDS if kind in names or not names]
