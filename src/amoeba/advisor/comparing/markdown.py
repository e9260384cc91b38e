"""A comparison as Markdown, to be kept in a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from amoeba.advisor.comparing import words
from amoeba.advisor.comparing.findings import by_group, nothing_found

if TYPE_CHECKING:
    from amoeba.advisor.comparing.model import Cell, Comparison, Group


def render_markdown(comparison: Comparison) -> str:
    """The whole comparison; its tables render on GitHub."""
    blocks = [
        f"# {_plain(words.title(comparison))}",
        _plain(words.about(comparison)),
        _plain(words.machine(comparison.machine)),
        *(f"> **Warning:** {_plain(each)}" for each in comparison.warnings),
        "## In short",
        _short(comparison),
        "## Topologies",
        _topologies(comparison),
        "## Figures",
        _plain(" · ".join(words.legend(comparison))),
        *_figures(comparison),
        _how(comparison),
        _scenario(comparison),
    ]
    return "\n\n".join(blocks) + "\n"


def _short(comparison: Comparison) -> str:
    found = [
        f"- **{_plain(each.group)}:** {_plain(' '.join(each.sentences))}"
        for each in by_group(comparison)
    ]
    return "\n".join(found) or _plain(nothing_found(comparison))


def _topologies(comparison: Comparison) -> str:
    rows = (
        (
            side.name,
            each.name if each.replicas == 1 else f"{each.name}, {each.replicas} replicas",
            modules,
        )
        for side in comparison.sides
        for each in side.processes
        for modules in (", ".join(each.modules),)
    )
    return _table(("topology", "process", "modules"), ([_plain(cell) for cell in r] for r in rows))


def _figures(comparison: Comparison) -> Iterator[str]:
    for group in comparison.groups:
        yield f"### {_plain(group.title)}"
        yield _group(group, comparison)


def _group(group: Group, comparison: Comparison) -> str:
    sides = [side.name for side in comparison.sides]
    rows = []
    for row in group.rows:
        scale = words.scale(row, comparison.pricing.currency)
        cells = (_cell(row.cells.get(side), scale) for side in sides)
        rows.append([_plain(words.with_unit(row, scale)), *cells])
    return _table(["", *map(_plain, sides)], rows)


def _cell(cell: Cell | None, scale: words.Scale) -> str:
    if cell is None:
        return words.UNKNOWN
    number = words.figure(cell, scale)
    number = f"**{number}**" if cell.standing == "best" else number
    first = f"{words.MARKS[cell.standing]} {number}".lstrip()
    small = (_plain(each) for each in (scale.interval(cell), cell.text) if each)
    return "<br>".join([first, *(f"<sub>{each}</sub>" for each in small)])


def _how(comparison: Comparison) -> str:
    lines = [
        f"- **{_plain(words.topic(group))}: {_plain(names)}.** {_prose(how)}"
        for group in comparison.groups
        for names, how in words.ways(group)
    ]
    lines.append(f"- **Prices.** {_plain(words.prices(comparison))}")
    return _details("How each figure is measured", "\n".join(lines))


def _scenario(comparison: Comparison) -> str:
    text = comparison.scenario_text.rstrip("\n")
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return _details(f"The scenario, {_plain(comparison.scenario)}", f"{fence}toml\n{text}\n{fence}")


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """Text that is only text: no markup, no HTML, no end of a cell or line."""
    return _escaped(" ".join(text.split()))


def _prose(text: str) -> str:
    """The same, with `code` as code."""
    parts = re.split(r"(`[^`|]+`)", " ".join(text.split()))
    return "".join(part if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    escaped = re.sub(r"([\\`*_\[\]|~])", r"\\\1", text)
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
