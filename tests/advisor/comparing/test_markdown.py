from __future__ import annotations

import re

import msgspec
import pytest
from advisor.comparing.examples import (
    all_noise,
    five_long_names,
    nothing_measured,
    only_one,
    support_desk,
)
from advisor.comparing.golden import is_golden

from amoeba.advisor.comparing.markdown import render_markdown

EXAMPLES = (all_noise, five_long_names, nothing_measured, only_one, support_desk)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_it_is_this_text(example):
    assert is_golden(render_markdown(example()), f"{example.__name__}.md")


def test_every_line_of_a_table_has_as_many_cells():
    lines = render_markdown(five_long_names()).splitlines()
    table = [line for line in lines if line.startswith("|")]
    widths = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in table]
    assert set(widths) == {3, 6}


def test_names_are_neither_html_nor_markup():
    text = render_markdown(five_long_names())
    assert "<b>" not in text
    assert r"&lt;b&gt;\|bold\|&lt;/b&gt;" in text


def test_a_scenario_cannot_end_its_own_block():
    wild = msgspec.structs.replace(support_desk(), scenario_text="# ````\n```\n</details>\n")
    assert "`````toml\n# ````\n```\n</details>\n`````" in render_markdown(wild)
