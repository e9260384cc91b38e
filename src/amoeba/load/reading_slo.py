"""Reading `[slo]` and `[requests.NAME.slo]`: what is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amoeba.load.scenario import QUANTILES, Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.app.tables import Table


def read_slo(table: Table, request: str = "") -> Iterator[Limit]:
    """The limits of a table."""
    for name in QUANTILES:
        figure = f"{name}_ms"
        limit = table.number(figure, 0.0)
        if limit:
            yield Limit(figure, limit, request)
    rate = table.number("error_rate", -1.0, positive=False)
    if rate > 1:
        table.note("error_rate", f"is {rate:g}", expected="0 to 1: the share that may fail")
    elif rate >= 0:
        yield Limit("error_rate", rate, request)
    table.finish()
