"""The table of `bench/recorder.py`: medians of the rounds, with the lowest and the highest."""

from __future__ import annotations

import statistics
from typing import Any

WAYS = ("bare", "off", "on")


def spread(values: list[float], form: str = ".2f") -> str:
    """Median, lowest and highest."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"


def table(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    return "\n".join(
        [
            f"{result['machine']}, Python {result['python']}, {result['date']}; "
            f"{result['rounds']} rounds. Median of the rounds (lowest to highest); differences and "
            "ratios are taken within a round.",
            "",
            *_local_table(result["local"]),
            "",
            *_gateway_table(result["gateway"], result["rate"]),
            "",
            *_look_table(result["looks"]),
            "",
            "| CPU of an idle process, ms per second | |",
            "|---|---|",
            *(f"| {way} | {spread([e[way] for e in result['idle']])} |" for way in WAYS),
            "",
        ]
    )


def _local_table(rounds: list[dict[str, float]]) -> list[str]:
    lines = ["| a local call | µs | over a plain await |", "|---|---|---|"]
    for way in rounds[0]:
        added = spread([each[way] - each["plain"] for each in rounds], ".3f")
        figure = spread([each[way] for each in rounds], ".3f")
        lines.append(f"| {way} | {figure} | {'' if way == 'plain' else added} |")
    return lines


def _gateway_table(rounds: list[dict[str, dict[str, float]]], rate: float) -> list[str]:
    lines = [
        "| a request to the gateway | bare uvicorn | recorder off | recorder on | on over bare "
        "| on over off | on / off |",
        "|---|---|---|---|---|---|---|",
    ]
    names = {
        "rate": ("highest rate, closed loop, requests/s", ".0f"),
        "cpu_us": ("CPU at that rate, µs", ".1f"),
        "p50_ms": (f"p50 at {rate:g}/s, ms", ".2f"),
        "p99_ms": (f"p99 at {rate:g}/s, ms", ".2f"),
        "steady_cpu_us": (f"CPU at {rate:g}/s, µs", ".1f"),
    }
    for key, (title, form) in names.items():
        cells = [spread([each[way][key] for each in rounds], form) for way in WAYS]
        cells += [
            spread([each["on"][key] - each[way][key] for each in rounds], form)
            for way in ("bare", "off")
        ]
        ratio = spread([each["on"][key] / each["off"][key] for each in rounds])
        lines.append(f"| {title} | {' | '.join(cells)} | {ratio} |")
    return lines


def _look_table(found: dict[int, list[float]]) -> list[str]:
    lines = ["| one look at all threads | µs of CPU |", "|---|---|"]
    return lines + [f"| {count} threads | {spread(us, '.0f')} |" for count, us in found.items()]
