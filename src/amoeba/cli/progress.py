"""How a load test goes on: one line on stderr, for people at a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

from amoeba.load import merged, quantile_ms

if TYPE_CHECKING:
    from amoeba.load import Recording

_RECENT = 5
"""Slices of time whose quantiles are shown."""


class Progress:
    """Shows a run within `with`. `watch` is for the generator, whose time it takes.

    So the line is written as it is: a display that draws itself would take milliseconds.
    """

    def __init__(self, total_s: float, *, quiet: bool) -> None:
        self._total_s = total_s
        self._shown = not quiet and sys.stderr.isatty() and not os.environ.get("CI")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the line away, for other output or at the end."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def watch(self, elapsed_s: float, recording: Recording) -> bool:
        """Show where the run is; it never wants to end it."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{line(elapsed_s, self._total_s, recording)}")
            sys.stderr.flush()
        return False


def line(elapsed_s: float, total_s: float, recording: Recording) -> str:
    """Where a run is: time, requests, and the quantiles of the last seconds."""
    parts = [part for series in recording.series.values() for part in series.slices.values()]
    arrived = sum(part.arrived for part in parts)
    failed_in_all = sum(sum(part.failures.values()) for part in parts)
    latest = max((index for s in recording.series.values() for index in s.slices), default=0)
    recent = [
        part
        for series in recording.series.values()
        for index, part in series.slices.items()
        if index > latest - _RECENT
    ]
    latency = merged(part.latency for part in recent)
    failed = sum(sum(part.failures.values()) for part in recent)
    quantiles = " ".join(
        f"{name} {_shown(quantile_ms(latency, failed, q) if latency or failed else 0.0)}"
        for name, q in (("p50", 0.5), ("p99", 0.99))
    )
    return (
        f"{min(elapsed_s, total_s):.0f}/{total_s:.0f} s · {arrived} arrived · "
        f"{recording.in_flight} in flight · {failed_in_all} failed · "
        f"{quantiles} (last {_RECENT} s)"
    )


def _shown(value: float | None) -> str:
    return "failed" if value is None else f"{value:.3g} ms"
