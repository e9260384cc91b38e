from __future__ import annotations

import pytest
from advisor.comparing.examples import (
    all_noise,
    five_long_names,
    nothing_measured,
    only_one,
    support_desk,
)
from advisor.comparing.golden import is_golden
from rich.cells import cell_len

from amoeba.advisor.comparing.text import render_text

EXAMPLES = (all_noise, five_long_names, nothing_measured, only_one, support_desk)


@pytest.mark.parametrize("width", [100, 140])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_it_is_this_text_and_fits(example, width):
    text = render_text(example(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert is_golden(text, f"{example.__name__}_{width}.txt")


def test_colour_adds_nothing_but_colour():
    plain = render_text(support_desk(), 120)
    coloured = render_text(support_desk(), 120, colour=True)
    assert "\x1b[" in coloured
    assert "\x1b" not in plain
    assert "▲" in plain


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert render_text(support_desk(), 120, colour=True) == render_text(support_desk(), 120)


def test_names_are_not_read_as_markup():
    text = render_text(five_long_names(), 140)
    assert "<b>|bold|</b>: main (gateway)" in text
