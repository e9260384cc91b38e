"""`[prices]`: what computing costs, for comparisons and advice.

The default is the list price of a managed container service in its cheapest large region, and of
the smallest machine with one GPU there: an order of magnitude that most teams know, not a quote.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from amoeba.app.tables import Table

_FIGURES = ("cpu_hour", "memory_gib_hour", "gpu_hour")


class Pricing(msgspec.Struct, frozen=True):
    """What things cost in an hour, in `currency`, and as of when (an ISO date)."""

    currency: str = "USD"
    cpu_hour: float = 0.04048
    memory_gib_hour: float = 0.004445
    gpu_hour: float = 1.006
    date: str = "2026-06-17"
    source: str = (
        "list prices of us-east-1: AWS Fargate on Linux/x86 for CPU and memory; EC2 g5.xlarge, one "
        "A10G with its four CPUs and 16 GiB, for a GPU"
    )


def read_pricing(table: Table) -> Pricing:
    """`[prices]`. Prices of one's own need a date, since they would otherwise carry another's."""
    default = Pricing()
    own = any(name in table.data for name in (*_FIGURES, "currency"))
    date = _date(table, default.date)
    if own and "date" not in table.data:
        table.note("date", "is missing", expected='as of when these prices are: "2026-11-01"')
    pricing = Pricing(
        currency=table.text("currency", default=default.currency),
        cpu_hour=table.number("cpu_hour", default.cpu_hour, positive=False),
        memory_gib_hour=table.number("memory_gib_hour", default.memory_gib_hour, positive=False),
        gpu_hour=table.number("gpu_hour", default.gpu_hour, positive=False),
        date=date,
        source=table.text("source", default="[prices] in amoeba.toml" if own else default.source),
    )
    table.finish()
    return pricing


def _date(table: Table, default: str) -> str:
    """A date, as TOML has it or as text."""
    value = table.data.get("date")
    if isinstance(value, dt.date):
        table.data["date"] = value.isoformat()[:10]
    text = table.text("date", default=default)
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        table.note("date", f"{text!r} is no date", expected='"2026-11-01"')
        return default
    return text
