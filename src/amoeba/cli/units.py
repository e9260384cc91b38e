"""Figures for people: durations, sizes, rates and shares, each in a unit that suits it."""

from __future__ import annotations

NOTHING = "-"


def duration(value_ns: float) -> str:
    """A duration; `-` for one that is not known."""
    if value_ns != value_ns:  # not a number
        return NOTHING
    if not value_ns:
        return "0"
    if value_ns >= 1e9:
        return f"{value_ns / 1e9:.2f} s"
    return f"{value_ns / 1e6:.2f} ms" if value_ns >= 1e6 else f"{value_ns / 1e3:.1f} µs"


def size(value_bytes: float) -> str:
    """A size."""
    if value_bytes >= 1 << 30:
        return f"{value_bytes / (1 << 30):.2f} GiB"
    if value_bytes >= 1 << 20:
        return f"{value_bytes / (1 << 20):.1f} MiB"
    return f"{value_bytes / 1024:.1f} KiB" if value_bytes >= 1024 else f"{value_bytes:.0f} B"


def rate(per_s: float) -> str:
    """How often in a second."""
    if not per_s:
        return "0"
    return f"{per_s:.0f}" if per_s >= 100 else f"{per_s:.1f}" if per_s >= 0.1 else f"{per_s:.3f}"


def share(part: float) -> str:
    """A share of a whole, in per cent."""
    per_cent = 100 * part
    if per_cent and per_cent < 0.1:
        return "<0.1 %"
    return f"{per_cent:.0f} %" if per_cent >= 10 or not per_cent else f"{per_cent:.1f} %"


def age(seconds: float) -> str:
    """How long something has gone on."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, hours = int(seconds) // 60, int(seconds) // 3600
    if hours < 2:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
