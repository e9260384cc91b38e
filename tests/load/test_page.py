from __future__ import annotations

import re
import sys
from html.parser import HTMLParser

import pytest
from load.runs import report_of

from amoeba.load import Found, MissingExtra, Step, require_plots, write_page

TEXT = (
    '[requests.a]\npath = "/?a=<script>"\n\n[arrivals]\nrate = 100\nduration = 10\n\n'
    "[slo]\np99_ms = 100\n"
)
VOID = {"meta", "br"}


class Tags(HTMLParser):
    """Notes every element and its attributes, and that each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open, self.attributes, self.count = [], [], {}

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def page(scenario, tmp_path):
    def page(outcomes, found=None):
        loaded = scenario(TEXT)
        report = report_of(loaded, outcomes)
        steps = found and Found(40.0, 50.0, steps=[Step(40.0, "met", True, report)], best=report)
        write_page(tmp_path / "page.html", loaded, report, steps)
        return (tmp_path / "page.html").read_text()

    return page


OUTCOMES = [(i / 10, "a", None if i % 30 == 0 else 10.0 + i) for i in range(100)]


def test_it_is_one_file_that_asks_for_nothing(page):
    text = page(OUTCOMES)
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.count["svg"] == 3
    assert "script" not in tags.count
    assert "link" not in tags.count
    places = [value for name, value in tags.attributes if name in ("src", "href", "xlink:href")]
    assert [place for place in places if not place.startswith("#")] == []
    assert re.findall(r"url\((?!#|'#|\"#)[^)]*\)|@import", text) == []
    identifiers = [value for name, value in tags.attributes if name == "id"]
    assert len(set(identifiers)) == len(identifiers)


def test_it_has_everything(page):
    text = page(OUTCOMES)
    for part in (
        "SLO missed", "p99 at most 100 ms", "Latency over time", "Throughput", "Distribution",
        "status 500", "Generator", "it was not the bottleneck", "&lt;script&gt;",
    ):  # fmt: skip
        assert part in text, part


def test_it_shows_a_search(page):
    text = page(OUTCOMES, found=True)
    assert "SLO met at 40/s, missed at 50/s" in text
    assert "<h2>Search</h2>" in text


@pytest.mark.parametrize("outcomes", [[], [(0.0, "a", None)], [(0.0, "a", 5.0)]])
def test_few_requests_are_shown_too(page, outcomes):
    assert "</html>" in page(outcomes)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra) as caught:
        require_plots()
    assert str(caught.value) == "this needs matplotlib\n  hint: pip install 'amoeba[plots]'"
