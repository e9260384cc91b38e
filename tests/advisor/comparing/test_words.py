from __future__ import annotations

import pytest
from advisor.comparing.building import row
from advisor.comparing.examples import MODULES

from amoeba.advisor.comparing import words
from amoeba.advisor.comparing.model import Cell, ProcessShape


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (3, "3"), (0.0001, "<0.001"), (0.00123, "0.00123"), (4.7834, "4.78"),
        (35.06, "35.1"), (999.4, "999"), (999.7, "1,000"), (1790.4, "1,790"), (2e6, "2,000,000"),
    ],
)  # fmt: skip
def test_a_figure_has_three_digits_and_no_exponent(value, text):
    assert words.short(value) == text


@pytest.mark.parametrize(
    ("unit", "values", "texts"),
    [
        ("ms", (4.1, 2000), ["4.1 ms", "2,000 ms"]),
        ("ms", (1500, 2000), ["1.5 s", "2 s"]),
        ("s", (0.02, 1.5), ["20 ms", "1,500 ms"]),
        ("s", (0.0, 1.5), ["0 s", "1.5 s"]),
        ("s", (0.4, 61), ["0.4 s", "61 s"]),
        ("share", (0.0, 0.3333), ["0%", "33.3%"]),
        ("1/s", (97.5, 150), ["97.5/s", "150/s"]),
        ("MiB", (412, 1790), ["412 MiB", "1,790 MiB"]),
        ("MiB", (2048, 0), ["2 GiB", "0 GiB"]),
        ("CPUs", (1, 2.5), ["1 CPU", "2.5 CPUs"]),
        ("GPUs", (0, 1), ["0 GPUs", "1 GPU"]),
        ("money/month", (29.4, 0), ["29.4 EUR/month", "0 EUR/month"]),
        ("", (7, 1), ["7", "1"]),
    ],
)
def test_the_figures_of_a_row_share_a_unit(unit, values, texts):
    figures = dict(zip("ab", values, strict=True))
    scale = words.scale(row("figure", unit, "less", figures), "EUR")
    assert [scale.full(value) for value in values] == texts


def test_a_bound_that_cannot_be_told_is_a_question_mark():
    scale = words.Scale("ms")
    assert scale.interval(Cell(5, 4, 6)) == "[4\N{EN DASH}6]"
    assert scale.interval(Cell(5, None, 6)) == "[?\N{EN DASH}6]"
    assert scale.interval(Cell(5)) == ""


def test_a_badge_says_by_how_much_a_figure_is_worse():
    less = row("memory", "MiB", "less", {"a": 100, "b": 120, "c": 250})
    assert [words.badge(less, cell) for cell in less.cells.values()] == [
        "▲ best", "▼ 20% more", "▼ 2.5 times",
    ]  # fmt: skip
    more = row("rate", "1/s", "more", {"a": 100.0, "b": 50.0, "c": 99.9})
    assert [words.badge(more, cell) for cell in more.cells.values()] == [
        "▲ best", "▼ 50% less", "▼ less than 1% less",
    ]  # fmt: skip


@pytest.mark.parametrize(("unit", "best"), [("share", 0.1), ("", 0)])
def test_nothing_is_divided_by_zero_and_no_share_of_a_share_is_told(unit, best):
    of = row("figure", unit, "less", {"a": best, "b": 0.3})
    assert words.badge(of, of.cells["b"]) == "▼ worse"


def test_where_none_is_better_there_is_no_badge():
    of = row("spans", "", "", {"a": 3, "b": 4})
    assert {words.badge(of, cell) for cell in of.cells.values()} == {""}


def test_names_are_listed_as_one_says_them():
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b"]) == "a and b"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "round", "1 round"), (3, "round", "3 rounds"), (7, "process", "7 processes")],
)
def test_more_than_one_is_plural(count, noun, text):
    assert words.plural(count, noun) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(48.2, "48 s"), (59.6, "1 min 0 s"), (1454, "24 min 14 s"), (7380, "2 h 3 min")],
)
def test_a_duration_is_told_by_its_two_largest_units(seconds, text):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    "iso", ["2026-11-24T09:30:12+00:00", "2026-11-24T10:30:12+01:00", "2026-11-24T09:30:12"]
)
def test_a_moment_is_in_utc(iso):
    assert words.moment(iso) == "2026-11-24 09:30 UTC"


def test_what_is_no_moment_is_left_as_it_is():
    assert words.moment("yesterday") == "yesterday"


def test_a_topology_is_told_in_a_line():
    processes = [ProcessShape("main", MODULES[:2], 1), ProcessShape("models", ("classifier",), 2)]
    assert words.shape(processes) == "main (gateway, tickets) · 2 models (classifier)"


def test_the_unit_is_not_told_twice():
    of = row("GPUs to double it", "GPUs", "less", {"a": 1})
    assert words.with_unit(of, words.scale(of, "EUR")) == "GPUs to double it"
