from __future__ import annotations

import msgspec
import pytest
from advisor.comparing.building import row
from advisor.comparing.examples import all_noise, nothing_measured, only_one, support_desk

from amoeba.advisor.comparing.findings import by_group, findings
from amoeba.advisor.comparing.model import Cell, Comparison, Group


def compared(*rows, title="Group") -> Comparison:
    return msgspec.structs.replace(support_desk(), groups=[Group(title, list(rows))])


def of(monolith, models_apart, services, *, name="memory", unit="MiB", better="less"):
    figures = {"monolith": monolith, "models-apart": models_apart, "services": services}
    return row(name, unit, better, figures)


def told(*rows) -> str:
    (text,) = findings(compared(*rows))
    return text


def test_one_that_is_best_is_told_with_the_next():
    assert told(of(412, 918, 1790)) == (
        "Group: monolith is best in memory: 412 MiB against 918 MiB of models-apart "
        "(2.23 times as much)."
    )


def test_all_that_are_next_are_told():
    assert told(of(100, 120, 120)) == (
        "Group: monolith is best in memory: 100 MiB against 120 MiB of models-apart and services "
        "(20% more)."
    )


def test_more_is_better_for_a_rate():
    assert told(of(97.5, 150.0, 75.0, name="rate", unit="1/s", better="more")) == (
        "Group: models-apart is best in rate: 150/s against 97.5/s of monolith (35% less)."
    )


def test_of_several_rows_the_one_with_the_largest_margin_is_told():
    text = told(of(100, 120, 130), of(1, 9, 12, name="sockets", unit=""))
    assert text == (
        "Group: monolith is best in both figures, by most in sockets: 1 against 9 of models-apart "
        "(9 times as much)."
    )


def test_those_within_noise_of_the_best_share_the_lead():
    text = told(of((10, 9, 12), (11, 10, 13), (20, 18, 22)))
    assert text == (
        "Group: monolith and models-apart share the lead in memory: 10 MiB and 11 MiB "
        "(within noise); behind is services with 20 MiB."
    )


def test_equal_counts_share_the_lead_without_noise():
    text = told(of(2.0, 0, 0, name="failed requests", unit=""))
    assert text == (
        "Group: models-apart and services share the lead in failed requests: 0; behind is monolith "
        "with 2."
    )


def test_several_are_behind():
    figures = {"a": (1.0, 0.9, 1.1), "b": (1.0, 0.9, 1.1), "c": 5, "d": 6}
    comparison = compared(row("sockets", "", "less", figures))
    sides = [msgspec.structs.replace(comparison.sides[0], name=name) for name in figures]
    (text,) = findings(msgspec.structs.replace(comparison, sides=sides))
    assert text == "Group: a and b share the lead in sockets: 1; behind are c with 5 and d with 6."


def test_nothing_beyond_noise_is_no_difference():
    assert findings(all_noise()) == ["Latency: No difference beyond noise in p50 and p99."]


def test_equal_figures_are_no_difference_at_all():
    rows = [of(1, 1, 1, name=f"figure {n}") for n in range(4)]
    assert told(*rows) == "Group: No difference in all 4 figures."
    assert told(*rows[:1]) == "Group: No difference in figure 0."


def test_what_was_not_measured_is_told():
    text = told(of(1.9, 2.2, "it did not start", name="time", unit="s"))
    assert text == (
        "Group: monolith is best in time: 1.9 s against 2.2 s of models-apart (16% more); "
        "services not measured."
    )


@pytest.mark.parametrize(
    "useless",
    [
        of(1, 2, 3, better=""),
        of(1, "not started", "not started"),
        of("no", "no", "no"),
        of(Cell(1.0), Cell(2.0), Cell(3.0), better=""),
    ],
)
def test_a_row_that_cannot_be_compared_is_left_out(useless):
    text = told(useless, of(1, 2, 3, name="other"))
    assert "in other:" in text
    assert findings(compared(useless)) == [
        "Nothing could be compared: no figure was measured of two topologies."
    ]


def bare(each):
    cells = {side: Cell(cell.value) for side, cell in each.cells.items()}
    return msgspec.structs.replace(each, cells=cells)


def test_where_nothing_was_judged_it_says_so():
    rows = [bare(of(1, 2, 3)), bare(of(4, 5, 6))]
    assert told(rows[0]) == ("Group: In its one figure a difference cannot be told from noise.")
    assert told(*rows) == "Group: In both figures a difference cannot be told from noise."
    assert told(of(1, 2, 3), *rows) == (
        "Group: monolith is best in memory: 1 MiB against 2 MiB of models-apart "
        "(2 times as much). In 2 of 3 figures a difference cannot be told from noise."
    )


def test_one_that_was_not_judged_is_not_called_behind():
    each = of(1, 2, 3)
    cells = each.cells | {"services": Cell(3)}
    assert told(msgspec.structs.replace(each, cells=cells)).endswith(
        "against 2 MiB of models-apart (2 times as much); services not judged."
    )


def test_a_group_is_called_by_its_topic():
    (text,) = findings(compared(of(1, 1, 1), title="Scaling: twice the capacity"))
    assert text == "Scaling: No difference in memory."


def test_one_figure_is_not_the_best_whatever_it_is_marked():
    bare = of("no", "no", 3)
    cells = {
        side: msgspec.structs.replace(cell, standing="best") for side, cell in bare.cells.items()
    }
    assert by_group(compared(msgspec.structs.replace(bare, cells=cells))) == []


def test_alone_there_is_nothing_to_compare_with():
    assert findings(only_one()) == [
        "Only monolith was measured: there is nothing to compare it with."
    ]


def test_where_nothing_was_measured_it_says_so():
    assert findings(nothing_measured()) == [
        "Nothing could be compared: no figure was measured of two topologies."
    ]


def test_leaders_are_counted():
    latency = next(each for each in by_group(support_desk()) if each.group == "Latency")
    assert latency.leaders == {("monolith",): 1, ("monolith", "models-apart"): 3, (): 2}
    assert latency.compared == 6
