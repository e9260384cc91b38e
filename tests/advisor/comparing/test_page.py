from __future__ import annotations

import functools
import re
import sys
from html.parser import HTMLParser

import msgspec
import pytest
from advisor.comparing.building import row
from advisor.comparing.examples import (
    all_noise,
    five_long_names,
    nothing_measured,
    only_one,
    support_desk,
    without,
)
from browser import chromium

from amoeba.advisor.comparing.model import Group
from amoeba.advisor.comparing.page import render_page, write_page
from amoeba.load import MissingExtra

VOID = {"meta", "br"}
PLOTS = (
    "Distribution of latencies", "Latency quantiles", "The search for the highest rate",
    "<b>Blast radius</b>", "What it needs",
)  # fmt: skip


class Tags(HTMLParser):
    """Notes every element and attribute, the text, and that each element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.attributes, self.names, self.text = [], [], set(), ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@functools.cache
def page(example) -> str:
    return render_page(example())


EXAMPLES = (all_noise, five_long_names, nothing_measured, only_one, support_desk)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_it_is_one_well_formed_file_that_asks_for_nothing(example):
    text = page(example)
    tags = Tags(text)
    assert tags.names.isdisjoint({"script", "link", "img", "image", "iframe", "object"})
    places = [value for name, value in tags.attributes if name in ("src", "href", "xlink:href")]
    assert [place for place in places if not place.startswith("#")] == []
    assert re.findall(r"url\((?!#|'#|\"#)[^)]*\)|@import", text) == []
    identifiers = [value for name, value in tags.attributes if name == "id"]
    assert len(set(identifiers)) == len(identifiers)
    assert [name for name, _ in tags.attributes if name.startswith("on")] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_every_topology_and_warning_is_on_it(example):
    comparison, tags = example(), Tags(page(example))
    for side in comparison.sides:
        assert side.name in tags.text
        assert all(process.name in tags.text for process in side.processes)
    assert all(warning in tags.text for warning in comparison.warnings)
    assert all(line in tags.text for line in comparison.scenario_text.splitlines())


def test_text_is_only_text():
    text = page(five_long_names)
    assert "<b>|bold|" not in text
    assert "a <wild>" not in text
    assert "<conv.csv>" not in text


def test_it_says_who_is_ahead_by_how_much_and_how_it_was_measured():
    text = Tags(page(support_desk)).text
    for part in (
        "▲ best in Latency (1 of 6), Cost of a request, Deployment",
        "monolith is best in both figures, by most in memory: 412 MiB against 918 MiB",
        "4.93 ms ▼ 20% more[4.71\N{EN DASH}5.2]",
        "not measuredno module was killed",
        "the rate is doubled until the SLO is missed",
        "as of 2026-11-01",
        "AMD EPYC 7R13",
    ):
        assert part in text, part


def test_every_plot_is_there():
    assert [title for title in PLOTS if title not in page(support_desk)] == []


def test_a_plot_without_figures_is_left_out():
    bare = without(support_desk(), tried=[], blast={}, recovery_s={}, distribution=[])
    text = render_page(msgspec.structs.replace(bare, groups=[Group("Latency", [])]))
    assert [title for title in PLOTS if title in text] == []
    assert "<h2>Plots" not in text


def test_rates_of_which_none_was_answered_are_drawn():
    failed = without(all_noise(), tried=[(10.0, False, None, None)], blast={}, distribution=[])
    assert PLOTS[2] in render_page(failed)


@pytest.mark.parametrize(
    "parts",
    [
        {"distribution": [(5.0, 3)], "failed": 0, "tried": [(1.0, True, 2.0, 2.0)]},
        {"distribution": [(0.0, 3)], "failed": 1, "tried": [(0.0, True, 0.0, 0.0)]},
        {"distribution": [], "failed": 9, "blast": {"tickets": 1.2}, "recovery_s": {}},
        {"name": "$x_{1}$ & <i>", "blast": {"a" * 60: 0.0}, "recovery_s": {"a" * 60: 0.0}},
    ],
)
def test_odd_figures_are_drawn_without_a_warning(parts):
    odd = {"monolith": (0.0, -1.0, 0.0), "services": (0.0, 0.0, 5.0)}
    rows = [row("p50", "ms", "less", odd), row("CPU", "CPUs", "less", odd)]
    shapes = {"blast": {}, "recovery_s": {}, "tried": []} | parts
    comparison = without(all_noise(), **shapes)
    sides = [msgspec.structs.replace(comparison.sides[0], name="monolith"), comparison.sides[1]]
    groups = [Group("Latency", rows)]
    text = render_page(msgspec.structs.replace(comparison, sides=sides, groups=groups))
    assert sides[1].name in Tags(text).text.split("Plots", 1)[1]


def test_colours_are_those_of_the_page():
    text = page(support_desk)
    style, body = text.split("</style>", 1)
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", body))
    assert used
    assert used <= set(re.findall(r"(--[a-z0-9-]+):", style))
    assert re.findall(r"#0[0-9a-d]0[0-9a-f]{3}\b", body) == []


def test_the_same_figures_make_the_same_page():
    assert render_page(all_noise()) == page(all_noise)


def test_it_is_written_to_a_file(tmp_path):
    write_page(tmp_path / "page.html", all_noise())
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page(all_noise)


def test_a_browser_shows_it_without_complaint_and_within_its_width(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page(support_desk), encoding="utf-8")
    seen = []
    with chromium() as browser:
        view = browser.new_page()
        view.on("console", lambda message: seen.append(message.text))
        view.on("request", lambda request: seen.append(request.url))
        view.goto(path.as_uri())
        for width in (700, 1280):
            view.set_viewport_size({"width": width, "height": 800})
            assert view.evaluate("document.documentElement.scrollWidth") == width
    assert seen == [path.as_uri()]


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra) as caught:
        write_page(tmp_path / "page.html", support_desk())
    assert str(caught.value) == "this needs matplotlib\n  hint: pip install 'amoeba[plots]'"
    assert not (tmp_path / "page.html").exists()
