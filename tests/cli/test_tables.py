"""Tables fit their terminal, and say what is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from amoeba.cli.tables import Column, render_table, shortened

COLUMNS = [Column("edge", left=True), Column("calls"), Column("p50", 2), Column("codec", 1)]
ROWS = [["gateway → tickets.open", "7", "2.00 ms", "19.1 µs"], ["a → b.c", "100", "9 µs", "-"]]


def test_a_table_is_aligned():
    assert render_table(COLUMNS, ROWS, 80) == [
        "edge                    calls      p50    codec",
        "gateway → tickets.open      7  2.00 ms  19.1 µs",
        "a → b.c                   100     9 µs        -",
    ]


def test_what_matters_least_is_left_out_and_named():
    assert render_table(COLUMNS, ROWS, 38) == [
        "edge                    calls    codec",
        "gateway → tickets.open      7  19.1 µs",
        "a → b.c                   100        -",
        "not shown in 38 columns: p50",
    ]
    assert render_table(COLUMNS, ROWS, 37)[-1] == "not shown in 37 columns: p50, codec"


def test_long_texts_are_shortened_at_last():
    assert render_table(COLUMNS, ROWS, 20)[1] == "gateway → ti…      7"


def test_columns_without_any_text_are_not_shown():
    assert render_table([*COLUMNS[:2], Column("failed")], [["a", "1", ""]], 80) == [
        "edge  calls",
        "a         1",
    ]


def test_wide_characters_take_their_room():
    lines = render_table(COLUMNS[:2], [["顧客 → x", "1"], ["ab", "22"]], 80)
    assert len(set(map(cell_len, lines))) == 1


@given(st.text(max_size=12), st.integers(1, 12))
def test_a_shortened_text_is_never_wider(text, width):
    assert cell_len(shortened(text, width)) <= max(width, 1)


@given(st.integers(30, 120))
def test_a_table_is_never_wider_than_its_terminal(width):
    assert max(map(cell_len, render_table(COLUMNS, ROWS, width)[:3])) <= width
