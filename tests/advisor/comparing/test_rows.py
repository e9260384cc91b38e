"""A row tells only what its rounds allow."""

from __future__ import annotations

import math

from amoeba.advisor.comparing.rows import Line

FAILED = Line("failed", "share", "less", "how")
TIME = Line("time", "ms", "less", "how")


def test_a_figure_that_one_round_does_not_have_is_not_told():
    row = TIME.measured({"a": [1.0, math.nan, 1.2], "b": [2.0, 2.1, 2.2]}, why_not="among failures")
    assert row.cells["a"].value is None
    assert row.cells["a"].text == "among failures in 1 of 3 rounds"
    assert row.cells["b"].standing == "only"


def test_a_figure_that_no_round_has_says_why():
    row = TIME.measured({"a": [math.nan, math.nan], "b": [2.0, 2.1]}, why_not="among failures")
    assert (row.cells["a"].value, row.cells["a"].text) == (None, "among failures")


def test_a_shares_interval_stays_a_share():
    row = FAILED.measured({"a": [0.0, 0.9, 0.9], "b": [1.0, 0.95, 1.0]})
    for cell in row.cells.values():
        assert cell.low is not None
        assert cell.high is not None
        assert 0 <= cell.low <= (cell.value or 0) <= cell.high <= 1


def test_what_is_counted_is_exact():
    row = Line("modules", "", "less", "how").counted({"a": 4.0, "b": 4.05})
    assert [cell.standing for cell in row.cells.values()] == ["best", "worse"]
    assert row.cells["a"].low is None
