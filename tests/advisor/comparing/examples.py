"""Comparisons that never were: figures as a measured support desk could have them, and odd ones."""

from __future__ import annotations

import msgspec
from advisor.comparing.building import Figure, row, side, standing

from amoeba.advisor.comparing.model import (
    Cell,
    Comparison,
    Group,
    Machine,
    ProcessShape,
    Row,
    Side,
)
from amoeba.app.prices import Pricing

MODELS = ("classifier", "extractor", "summarizer")
APART = ("monolith", "models-apart", "services")
MODULES = ("gateway", "tickets", *MODELS, "features", "training")

SCENARIO = """\
[target]
url = "http://127.0.0.1:8000"

[arrivals]
kind = "recorded"                            # <conv.csv>: "Azure" & others
rate = 30
duration = 40

[requests.triage]
weight = 6
path = "/triage"

[slo]
p95_ms = 100
p99_ms = 250
"""


def _sides() -> list[Side]:
    main = ProcessShape("main", MODULES, 1)
    rest = ("gateway", "tickets", "features", "training")
    alone = [ProcessShape(name, (name,), 1) for name in MODULES[1:]]
    all_fail = dict.fromkeys(MODULES[1:], 1.0)
    models_fail = dict.fromkeys(("tickets", "features", "training"), 1.0)
    apart = {**models_fail, **dict.fromkeys(MODELS, 0.62)}
    each = {
        "tickets": 0.9, "classifier": 0.6, "extractor": 0.6, "summarizer": 0.31, "features": 0.3,
        "training": 0.0,
    }  # fmt: skip
    return [
        side(
            "monolith", [main], slow=1.0, blast=all_fail,
            tried=[(30, True, 4.1, 41), (60, True, 4.4, 62), (120, False, 190, 2900),
                   (90, True, 6.1, 140), (105, False, 30, 610), (97.5, True, 9.8, 205)],
        ),
        side(
            "models-apart",
            [ProcessShape("main", rest, 1), ProcessShape("models", MODELS, 2)],
            slow=1.15, blast=apart,
            tried=[(30, True, 4.9, 40), (60, True, 5.1, 51), (120, True, 7.2, 118),
                   (240, False, None, None), (180, False, 95, 1400), (150, True, 11, 220)],
        ),
        side(
            "services", [ProcessShape("main", ("gateway",), 1), *alone], slow=1.9, blast=each,
            tried=[(30, True, 7.7, 70), (60, True, 8.8, 99), (120, False, 310, 4100),
                   (90, False, 50, 420), (75, True, 12, 190)],
        ),
    ]  # fmt: skip


def _of(*figures: Figure) -> dict[str, Figure]:
    return dict(zip(APART, figures, strict=True))


def _groups() -> list[Group]:
    load = "the quantile of all answers from the intended arrival; the mean over the rounds"
    return [
        Group(
            "Latency",
            [
                row(
                    "p50 of triage",
                    "ms",
                    "less",
                    _of((4.12, 3.96, 4.31), (4.93, 4.71, 5.2), (7.74, 7.2, 8.3)),
                    load,
                ),
                row(
                    "p95 of triage",
                    "ms",
                    "less",
                    _of((7.5, 6.5, 9.6), (7.9, 7.0, 9.1), (13.2, 11.9, 15)),
                    load,
                ),
                row(
                    "p99 of triage",
                    "ms",
                    "less",
                    _of((11.1, 9.04, 14), (12.4, 10.2, 15.1), (22, 19, 26.2)),
                    load,
                ),
                row(
                    "p50 of open",
                    "ms",
                    "less",
                    _of((35.1, 31.7, 39.3), (33.4, 30.1, 37), (41, 38.2, 46)),
                    load,
                ),
                row(
                    "p95 of open",
                    "ms",
                    "less",
                    _of((84.9, 68.2, 161), (79.1, 66, 120), (93, 75, 170)),
                    load,
                ),
                row(
                    "p99 of open",
                    "ms",
                    "less",
                    _of((129, 95.4, 210), (118, 97, 190), (160, 120, 260)),
                    load,
                ),
            ],
        ),
        Group(
            "Highest rate within the SLO",
            [
                row(
                    "highest rate",
                    "1/s",
                    "more",
                    _of((97.5, 95, 100), (150, 146, 154), (75, 72, 78)),
                    "the rate is doubled until the SLO is missed, then bisected",
                ),
            ],
        ),
        Group(
            "Cost of a request",
            [
                row(
                    "CPU per request",
                    "ms",
                    "less",
                    _of((8.1, 7.9, 8.3), (9.0, 8.8, 9.3), (13.4, 13, 13.9)),
                    "CPU seconds of all processes over the requests answered",
                ),
                row(
                    "memory",
                    "MiB",
                    "less",
                    _of((412, 405, 420), (918, 905, 930), (1790, 1771, 1810)),
                    "proportional set size of all processes at the end of the load",
                ),
            ],
        ),
        Group(
            "Deployment",
            [
                row("artefacts", "", "less", _of(1, 2, 7)),
                row("processes", "", "less", _of(1, 3, 7)),
                row(
                    "from command to ready",
                    "s",
                    "less",
                    _of((1.9, 1.82, 1.99), (2.2, 2.12, 2.31), (3.4, 3.3, 3.61)),
                    "from `amoeba run` to the first answer of the gateway's health route",
                ),
            ],
        ),
        Group(
            "Development",
            [
                row(
                    "edit to serving again",
                    "s",
                    "less",
                    _of((1.31, 1.2, 1.4), (1.28, 1.2, 1.36), (1.33, 1.27, 1.42)),
                    "one file of a module is changed under `amoeba dev`",
                ),
                row("modules restarted", "", "less", _of(6, 4, 1)),
                row(
                    "merge conflicts",
                    "",
                    "",
                    _of(Cell(3, text="of 41 merges since 2026-01-01"), 3, 3),
                    "merges of the git history, made again",
                ),
            ],
        ),
        Group(
            "Scaling",
            [
                row(
                    "modules to replicate",
                    "",
                    "less",
                    _of(
                        Cell(7, text=", ".join(MODULES)),
                        Cell(3, text="classifier, extractor, summarizer"),
                        Cell(1, text="classifier"),
                    ),
                    "what runs in the process of the busiest module",
                ),
                row(
                    "memory to double it",
                    "MiB",
                    "less",
                    _of((412, 405, 420), (294, 288, 301), (260, 255, 266)),
                    "memory of that process",
                ),
                row(
                    "price to double it",
                    "money/month",
                    "less",
                    _of((29.4, 28.9, 29.8), (24.1, 23.5, 24.6), (22.6, 22.1, 23.2)),
                    "that process, at the prices below",
                ),
                row(
                    "GPUs to double it", "GPUs", "less", _of(0.0, 0.0, 0.0), "GPUs of that process"
                ),
            ],
        ),
        Group(
            "Updating a model",
            [
                row(
                    "seconds until the new one answers",
                    "s",
                    "less",
                    _of((1.9, 1.8, 2.1), (1.6, 1.5, 1.7), (0.84, 0.8, 0.9)),
                    "the process is replaced under load",
                ),
                row(
                    "failed requests",
                    "share",
                    "less",
                    _of((0.021, 0.018, 0.024), 0.0, 0.0),
                    "of those that arrived meanwhile",
                ),
            ],
        ),
        Group(
            "Debugging",
            [
                row(
                    "processes per request",
                    "",
                    "less",
                    _of(1, (1.9, 1.88, 1.93), (3.6, 3.57, 3.64)),
                    "mean over the traces of the load",
                ),
                row(
                    "spans per request",
                    "",
                    "",
                    _of(5.2, 5.2, 5.2),
                    "mean over the traces of the load",
                ),
            ],
        ),
        Group("Technology", [row("environments in use", "", "", _of(1, 1, 1))]),
        Group(
            "Operation",
            [
                row("sockets", "", "less", _of(1, 4, 13)),
                row("certificates", "", "less", _of(0, 0, 0)),
                row("scrape targets", "", "less", _of(1, 1, 1)),
            ],
        ),
        Group(
            "Blast radius",
            [
                row(
                    "requests that fail, mean over modules",
                    "share",
                    "less",
                    _of(1.0, 0.81, 0.452),
                    "each module's process is killed in turn, under load",
                ),
                row(
                    "seconds to recover",
                    "s",
                    "less",
                    _of(
                        (2.1, 2.0, 2.2),
                        (1.9, 1.85, 1.97),
                        "no module was killed: the processes share one socket",
                    ),
                ),
            ],
        ),
    ]


def support_desk() -> Comparison:
    """Three topologies, measured; some rows are noise, some have no value."""
    return Comparison(
        application="support-desk",
        scenario="load.toml",
        scenario_text=SCENARIO,
        began_at="2026-11-24T09:30:00+00:00",
        took_s=1454.0,
        rounds=3,
        machine=Machine("Linux 6.8", "AMD EPYC 7R13", 4, 16 * 2**30, "3.13.1", "0.1.0"),
        pricing=Pricing("USD", 0.0316, 0.0035, 0.71, "2026-11-01", "built-in prices"),
        limits=["p95 at most 100 ms", "p99 at most 250 ms"],
        sides=_sides(),
        groups=_groups(),
        warnings=["services: the generator was the bottleneck in 1 of 3 rounds"],
    )


def only_one() -> Comparison:
    """A topology with nothing to compare it with, and without search and kills."""
    return without(
        _narrowed(support_desk(), ("monolith",)),
        tried=[],
        blast={},
        recovery_s={},
    )


def all_noise() -> Comparison:
    """Every figure is within noise of the best."""
    cells = {"monolith": (10.0, 8.0, 12.0), "services": (11.0, 9.0, 13.0)}
    group = Group("Latency", [row("p50", "ms", "less", cells), row("p99", "ms", "less", cells)])
    two = _narrowed(support_desk(), ("monolith", "services"))
    return msgspec.structs.replace(two, groups=[group], warnings=[])


def five_long_names() -> Comparison:
    """Five topologies, names that are long and not meant for HTML or Markdown."""
    desk = support_desk()
    renamed = {
        "monolith": "monolith", "models-apart": "models-apart", "services": "services",
        "b": "every-model-in-a-process-of-its-own", "c": "<b>|bold|</b>",
    }  # fmt: skip
    more = [
        msgspec.structs.replace(desk.sides[i], name=renamed[name])
        for name, i in (("b", 1), ("c", 2))
    ]
    groups = [
        Group(group.title, [_widened(each, renamed["b"], renamed["c"]) for each in group.rows])
        for group in desk.groups
    ]
    return msgspec.structs.replace(desk, sides=[*desk.sides, *more], groups=groups)


def without(comparison: Comparison, **parts) -> Comparison:
    """The same, with parts of every side replaced."""
    sides = [msgspec.structs.replace(each, **parts) for each in comparison.sides]
    return msgspec.structs.replace(comparison, sides=sides)


def nothing_measured() -> Comparison:
    """No row has a value."""
    desk = without(support_desk(), distribution=[], tried=[], blast={}, recovery_s={})
    why = "it did not start: port 8000 is taken"
    rows = [row("p50", "ms", "less", _of(why, why, why))]
    return msgspec.structs.replace(desk, groups=[Group("Latency", rows)])


def _widened(each: Row, one: str, other: str) -> Row:
    _, second, third = each.cells.values()
    cells = {
        **each.cells,
        one: second,
        other: msgspec.structs.replace(third, text="a <wild> | text"),
    }
    return Row(each.name, each.unit, each.better, each.how, standing(cells, each.better))


def _narrowed(comparison: Comparison, names: tuple[str, ...]) -> Comparison:
    groups = [
        Group(group.title, [_only(each, names) for each in group.rows])
        for group in comparison.groups
    ]
    sides = [each for each in comparison.sides if each.name in names]
    return msgspec.structs.replace(comparison, sides=sides, groups=groups)


def _only(each: Row, names: tuple[str, ...]) -> Row:
    cells = {name: each.cells[name] for name in names}
    return Row(each.name, each.unit, each.better, each.how, standing(cells, each.better))
