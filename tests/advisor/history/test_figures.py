from __future__ import annotations

import pytest

from amoeba.advisor.history import (
    Change,
    CoChange,
    History,
    Share,
    churn,
    co_changes,
    crossing,
    deployments,
    shared,
)
from amoeba.advisor.history.history import Lines

DAY_S = 86_400


def made(*touched, modules=("a", "b", "c")):
    """A history of one change a day of the modules in a word: `ab`; `+` for shared code."""
    changes = tuple(
        Change(
            commit=str(day),
            at_s=day * DAY_S,
            authors=("ann@example.org",),
            modules={module: Lines(2, 1) for module in word if module != "+"},
            shared="+" in word,
        )
        for day, word in enumerate(touched)
    )
    return History(modules, changes=changes)


def test_every_module_has_its_churn_also_without_a_change():
    first, second, third = churn(made("a", "ab"))
    assert (first.changes, first.added, first.deleted, first.days) == (2, 4, 2, 2)
    assert second.changes == 1
    assert (third.changes, third.authors, third.days) == (0, 0, 0)


def test_modules_that_change_together_are_paired_the_most_often_first():
    pairs = co_changes(made("a", "bc", "bc", "ab", "c"))
    assert pairs == [
        CoChange("b", "c", Share(2, 4), of_one=Share(2, 3), of_other=Share(2, 3)),
        CoChange("a", "b", Share(1, 4), of_one=Share(1, 2), of_other=Share(1, 3)),
    ]


def test_the_share_of_changes_across_modules_is_of_those_that_touch_any():
    history = made("a", "+", "ab", "abc", "b+")
    assert crossing(history) == Share(2, 4)
    assert shared(history) == Share(2, 5)


def test_deployments_are_counted_by_the_processes_that_a_change_touches():
    history = made("a", "bc", "ab+", "c", "+")
    split = deployments(history, {"models": ["b", "c"], "empty": []})
    assert split.by_process == {"models": 3, "empty": 0, "main": 2}
    assert split.crossing == Share(1, 4)
    assert split.shared == Share(1, 4)
    assert split.total == 5


def test_one_process_is_deployed_for_every_change():
    whole = deployments(made("a", "bc", "ab"), {})
    assert whole.by_process == {"main": 3}
    assert whole.crossing == Share(0, 3)


def test_nothing_has_no_share():
    nothing = made()
    assert crossing(nothing).value is None
    assert crossing(nothing).bounds == (0.0, 1.0)
    assert co_changes(nothing) == []
    assert deployments(nothing, {"main": ["a"]}).total == 0
    assert (nothing.began_s, nothing.ended_s) == (None, None)


def test_a_share_has_its_interval():
    share = Share(3, 10)
    assert share.value == 0.3
    assert share.bounds == pytest.approx((0.1078, 0.6032), abs=1e-4)
