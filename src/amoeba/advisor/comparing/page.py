"""The page of a comparison: one HTML file with its plots in it, which needs nothing else."""

from __future__ import annotations

import html
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from amoeba.advisor.comparing import words
from amoeba.advisor.comparing.findings import by_group, nothing_found
from amoeba.load.svg import require_plots

if TYPE_CHECKING:
    from pathlib import Path

    from amoeba.advisor.comparing.findings import Finding
    from amoeba.advisor.comparing.model import Cell, Comparison, Group, ProcessShape, Row, Side

_COLOURS = 5
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_page(path: Path, comparison: Comparison) -> None:
    """Write the page. Raises OSError when it cannot be written, MissingExtra without matplotlib."""
    path.write_text(render_page(comparison), encoding="utf-8")


def render_page(comparison: Comparison) -> str:
    """The page as text. Raises MissingExtra without matplotlib."""
    require_plots()
    parts = [
        _head(comparison),
        _topologies(comparison),
        _short(comparison),
        _figures(comparison),
        _plots(comparison),
        _how(comparison),
        f"<h2>Scenario <small>{_text(comparison.scenario)}</small></h2>"
        f"<pre>{_text(comparison.scenario_text)}</pre>",
    ]
    style = files("amoeba.advisor.comparing").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width">'
        f'<meta name="color-scheme" content="light dark">'
        f"<title>{_text(words.title(comparison))}</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _head(comparison: Comparison) -> str:
    names = words.listed([side.name for side in comparison.sides])
    lines = "<br>".join(f"<b>Warning:</b> {_text(each)}" for each in comparison.warnings)
    warnings = f'<p class="warning">{lines}</p>' if lines else ""
    return (
        f"<h1>{_text(comparison.application)} <small>{_text(names)}"
        f"{' compared' if len(comparison.sides) > 1 else ''}</small></h1>"
        f"<p>{_text(words.about(comparison))}</p><p>{_text(words.machine(comparison.machine))}</p>{warnings}"
    )


def _short(comparison: Comparison) -> str:
    found = by_group(comparison)
    if not found:
        return f"<h2>In short</h2><p>{_text(nothing_found(comparison))}</p>"
    colours = _colours(comparison)
    rows = "".join(
        f'<tr><th scope="row">{_text(each.group)}</th><td>{_ahead(each, colours)}</td>'
        f"<td>{'<br>'.join(map(_text, each.sentences))}</td></tr>"
        for each in found
    )
    return (
        '<h2>In short</h2><table class="short"><thead><tr><th></th><th>who is ahead</th>'
        f"<th>by how much</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _ahead(finding: Finding, colours: dict[str, int]) -> str:
    lines = []
    for names, count in finding.leaders.items():
        of = f" <small>{count} of {finding.compared}</small>" if finding.compared > 1 else ""
        if names:
            mark = words.MARKS["best" if len(names) == 1 else "same"]
            sides = " ".join(_name(name, colours[name]) for name in names)
            lines.append(f"<div>{mark} {sides}{of}</div>")
        elif len(finding.leaders) == 1:
            lines.append(f"<div>{words.MARKS['same']} no difference{of}</div>")
    return "".join(lines)


def _topologies(comparison: Comparison) -> str:
    found = by_group(comparison)
    cards = "".join(_topology(n, side, found) for n, side in enumerate(comparison.sides))
    note = "A box is a process, with its modules."
    if found:
        note += " In brackets: in how many of the figures that can be compared."
    return f'<div class="sides">{cards}</div><p class="note">{note}</p>'


def _topology(index: int, side: Side, found: list[Finding]) -> str:
    count = sum(each.replicas for each in side.processes)
    boxes = "".join(map(_process, side.processes))
    alone = [(f.group, f.leaders.get((side.name,), 0), f.compared) for f in found]
    shared = [
        (f.group, sum(n for k, n in f.leaders.items() if len(k) > 1 and side.name in k), f.compared)
        for f in found
    ]
    return (
        f'<section class="side"><h2>{_name(side.name, index)} '
        f"<small>{words.plural(count, 'process')}</small></h2>"
        f'<div class="processes">{boxes}</div>'
        f"{_leads('best', '▲ best in', alone)}{_leads('same', '≈ shares the lead in', shared)}"
        "</section>"
    )


def _leads(kind: str, what: str, counts: list[tuple[str, int, int]]) -> str:
    """In which groups a topology leads, and in how many of their figures."""
    places = [
        f"{_text(group)}{f' <small>({count} of {of})</small>' if count < of else ''}"
        for group, count, of in counts
        if count
    ]
    return f'<p class="leads {kind}"><b>{what}</b> {", ".join(places)}</p>' if places else ""


def _process(process: ProcessShape) -> str:
    modules = "".join(
        f'<span class="module{" gateway" if each == "gateway" else ""}">{_text(each)}</span>'
        for each in process.modules
    )
    copies = f" <small>{process.replicas} copies</small>" if process.replicas > 1 else ""
    kind = "process copies" if process.replicas > 1 else "process"
    return f'<div class="{kind}"><b>{_text(process.name)}{copies}</b>{modules}</div>'


def _figures(comparison: Comparison) -> str:
    sides = [side.name for side in comparison.sides]
    head = "".join(f'<th scope="col">{_name(name, n)}</th>' for n, name in enumerate(sides))
    bodies = "".join(_group(each, sides, comparison.pricing.currency) for each in comparison.groups)
    many = " many" if len(sides) > 3 else ""
    legend = " · ".join((*words.legend(comparison), "less is better where nothing else is said"))
    return (
        f'<h2>Figures</h2><p class="note">{_text(legend)}</p><div class="wide{many}">'
        f'<table class="figures"><thead><tr><th></th>{head}</tr></thead>{bodies}</table></div>'
    )


def _group(group: Group, sides: list[str], currency: str) -> str:
    rows = "".join(_row(row, sides, currency) for row in group.rows)
    span = len(sides) + 1
    return (
        f'<tbody><tr class="group"><th scope="rowgroup" colspan="{span}">{_text(group.title)}'
        f"</th></tr>{rows}</tbody>"
    )


def _row(row: Row, sides: list[str], currency: str) -> str:
    scale = words.scale(row, currency)
    cells = "".join(_cell(row, row.cells.get(side), scale) for side in sides)
    note = "<small>more is better</small>" if row.better == "more" else ""
    return f'<tr><th scope="row" title="{_text(row.how)}">{_text(row.name)}{note}</th>{cells}</tr>'


def _cell(row: Row, cell: Cell | None, scale: words.Scale) -> str:
    if cell is None or cell.value is None:
        why = f"<small>{_text(cell.text)}</small>" if cell and cell.text else ""
        return f'<td class="missing">not measured{why}</td>'
    badge = words.badge(row, cell)
    mark = f' <span class="badge">{_text(badge)}</span>' if badge else ""
    small = (scale.interval(cell), cell.text)
    lines = "".join(f"<small>{_text(each)}</small>" for each in small if each)
    return f'<td class="{cell.standing}"><b>{_text(scale.full(cell.value))}</b>{mark}{lines}</td>'


def _plots(comparison: Comparison) -> str:
    from amoeba.advisor.comparing import plots

    kinds = (
        ("", "Distribution of latencies", plots.distributions,
         "How many requests are slower than a latency: lower and further left is better."),
        ("", "The search for the highest rate", plots.rates,
         "A point: the SLO was met at that rate. A cross: it was missed."),
        ("", "Blast radius", plots.blast,
         "The share of requests that failed while the module was dead, and for how long."),
        ("", "Latency quantiles", plots.quantiles,
         "With 95 % intervals; the table marks what is beyond noise."),
        ("both", "What it needs", plots.costs, "Shorter is cheaper; the lines are 95 % intervals."),
    )  # fmt: skip
    drawn = ((kind, title, draw(comparison), note) for kind, title, draw, note in kinds)
    figures = "".join(
        f'<figure class="{kind}"><figcaption><b>{title}</b>{note}</figcaption>{svg}</figure>'
        for kind, title, svg, note in drawn
        if svg
    )
    return f'<h2>Plots</h2><div class="plots">{figures}</div>' if figures else ""


def _how(comparison: Comparison) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_text(words.topic(group))}: {_text(names)}</th>'
        f"<td>{_code(how)}</td></tr>"
        for group in comparison.groups
        for names, how in words.ways(group)
    )
    prices = f"<tr><th>Prices</th><td>{_text(words.prices(comparison))}</td></tr>"
    return f'<h2>How it is measured</h2><table class="how"><tbody>{rows}{prices}</tbody></table>'


def _colours(comparison: Comparison) -> dict[str, int]:
    return {side.name: n for n, side in enumerate(comparison.sides)}


def _name(name: str, index: int) -> str:
    return f'<span class="name side-{index % _COLOURS}">{_text(name)}</span>'


def _code(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    return html.escape(text)
