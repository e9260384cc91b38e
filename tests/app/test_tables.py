"""Checked reading: the value when it is right, a noted problem and the default when it is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.app.tables import Table


def table(**data: Any) -> Table:
    return Table(data, "t", [])


def noted(of: Table) -> list[tuple[str, str, str]]:
    return [(each.where, each.what, each.expected) for each in of.problems]


def test_a_text_is_read():
    found = table(a="x")
    assert found.text("a") == "x"
    assert noted(found) == []


def test_a_missing_text_has_its_default():
    found = table()
    assert found.text("a") == ""
    assert found.text("a", default="d") == "d"
    assert noted(found) == []


def test_a_required_text_is_missed():
    found = table()
    assert found.text("a", required='"x:y"') == ""
    assert noted(found) == [("t.a", "is missing", '"x:y"')]


def test_a_required_text_of_another_type_is_not_called_missing_too():
    found = table(a=1)
    found.text("a", required='"x:y"')
    assert noted(found) == [("t.a", "is 1", "a string")]


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_an_empty_text_is_noted(empty):
    found = table(a=empty)
    found.text("a")
    assert noted(found) == [("t.a", "is empty", "a string that is not empty")]


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        ("text", 1, "a string"),
        ("text", True, "a string"),
        ("text", ["x"], "a string"),
        ("names", "x", "an array"),
        ("names", {"x": 1}, "an array"),
        ("mapping", "x", "a table"),
        ("mapping", [], "a table"),
    ],
)
def test_a_value_of_another_type_is_noted(read, value, expected):
    found = table(a=value)
    assert not getattr(found, read)("a")
    assert noted(found) == [("t.a", f"is {value!r}", expected)]


def test_a_whole_number_within_bounds_is_read():
    found = table(low=1, high=5, zero=0)
    assert found.whole("low", 3, minimum=1, maximum=5) == 1
    assert found.whole("high", 3, minimum=1, maximum=5) == 5
    assert found.whole("zero", 3) == 0
    assert found.whole("missing", 3) == 3
    assert noted(found) == []


@pytest.mark.parametrize("value", [0, 6, -1])
def test_a_whole_number_beyond_its_bounds_is_noted(value):
    found = table(a=value)
    assert found.whole("a", 3, minimum=1, maximum=5) == 3
    assert noted(found) == [("t.a", f"is {value}", "1 to 5")]


def test_a_whole_number_without_a_maximum_says_so():
    found = table(a=-1)
    found.whole("a", 3)
    assert noted(found) == [("t.a", "is -1", "0 or more")]


@pytest.mark.parametrize("value", [1.0, "1", True, False, []])
def test_only_a_whole_number_is_one(value):
    found = table(a=value)
    assert found.whole("a", 3) == 3
    assert noted(found) == [("t.a", f"is {value!r}", "a whole number")]


@pytest.mark.parametrize(("value", "read"), [(1, 1.0), (0.25, 0.25), (2.5, 2.5)])
def test_a_number_may_be_whole_or_not(value, read):
    found = table(a=value)
    number = found.number("a", 9.0)
    assert number == read
    assert isinstance(number, float)
    assert noted(found) == []


@pytest.mark.parametrize("value", [0, 0.0, -1, float("nan"), float("-inf")])
def test_a_number_must_be_more_than_nothing(value):
    found = table(a=value)
    assert found.number("a", 9.0) == 9.0
    assert noted(found) == [("t.a", f"is {value:g}", "more than 0")]


def test_a_number_of_devices_may_be_none():
    found = table(a=0, b=-0.5, c=float("nan"))
    assert found.number("a", 9.0, positive=False) == 0.0
    assert noted(found) == []
    found.number("b", 9.0, positive=False)
    found.number("c", 9.0, positive=False)
    assert noted(found) == [("t.b", "is -0.5", "0 or more"), ("t.c", "is nan", "0 or more")]


@pytest.mark.parametrize("value", [True, "1", []])
def test_only_a_number_is_one(value):
    found = table(a=value)
    assert found.number("a", 9.0) == 9.0
    assert noted(found) == [("t.a", f"is {value!r}", "a number")]


@pytest.mark.parametrize(
    ("value", "size_bytes"),
    [
        (1, 1),
        (4096, 4096),
        ("4096", 4096),
        ("1b", 1),
        ("1KiB", 1024),
        ("1kb", 1000),
        ("512MiB", 512 * 2**20),
        ("512 MiB", 512 * 2**20),
        ("  2gib  ", 2 * 2**30),
        ("1.5GiB", 3 * 2**29),
        ("1MB", 10**6),
        ("3GB", 3 * 10**9),
        ("1TiB", 2**40),
        ("1tb", 10**12),
        ("0.5KiB", 512),
    ],
)
def test_a_size_is_read(value, size_bytes):
    found = table(a=value)
    assert found.size("a", None) == size_bytes
    assert noted(found) == []


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, 1.5, True, [], "", "MiB", "1 XiB", "-1MiB", "1,5GiB", "1 2", "0", "0.1", "0KiB"),
        *("1e3", "1 Mi B", "9" * 400 + "GiB"),
    ],
)
def test_what_is_no_size_is_noted(value):
    found = table(a=value)
    assert found.size("a", 7) == 7
    assert noted(found) == [("t.a", f"{value!r} is no size", 'bytes, or text such as "512MiB"')]


def test_a_missing_size_has_its_default():
    found = table()
    assert found.size("a", None) is None
    assert found.size("a", 7) == 7
    assert noted(found) == []


@given(st.integers(1, 2**30), st.sampled_from([("KiB", 2**10), ("MB", 10**6), ("", 1)]))
def test_a_size_is_its_number_times_its_unit(number, unit):
    name, factor = unit
    assert table(a=f"{number}{name}").size("a", None) == number * factor


@given(st.text(max_size=20) | st.floats() | st.integers() | st.booleans() | st.none())
def test_no_size_raises(value):
    found = table(a=value)
    size = found.size("a", None)
    assert size is None or size >= 1


def test_a_choice_is_read():
    found = table(a="red")
    assert found.choice("a", ("red", "blue"), "blue") == "red"
    assert found.choice("b", ("red", "blue"), "blue") == "blue"
    assert noted(found) == []


def test_another_choice_is_noted_with_the_nearest():
    found = table(a="rde")
    assert found.choice("a", ("red", "blue"), "blue") == "blue"
    assert noted(found) == [("t.a", "'rde' is not allowed", '"red" | "blue"')]
    assert found.problems[0].hint == "did you mean 'red'?"


def test_names_are_read_in_order():
    found = table(a=["x", "y"])
    assert found.names("a") == ("x", "y")
    assert found.names("b") == ()
    assert noted(found) == []


def test_each_wrong_name_is_noted_by_its_place():
    found = table(a=["x", 1, "", "y"])
    assert found.names("a") == ("x", "y")
    assert noted(found) == [
        ("t.a[1]", "1 is no name", "a string"),
        ("t.a[2]", "'' is no name", "a string"),
    ]


def test_texts_are_a_table_of_strings():
    found = table(a={"x": "1", "y": 2})
    assert found.texts("a") == {"x": "1"}
    assert noted(found) == [("t.a.y", "is 2", "a string")]


def test_a_mapping_is_a_copy():
    inner = {"x": 1}
    found = table(a=inner)
    found.mapping("a")["y"] = 2
    assert inner == {"x": 1}


def test_a_table_below_knows_its_path_and_notes_in_the_same_place():
    found = table(a={"b": 1})
    found.table("a").text("b")
    assert noted(found) == [("t.a.b", "is 1", "a string")]


def test_tables_below_are_given_by_name():
    found = table(a={"x": {}, "y": 3, "z": {}})
    assert [(name, inner.where) for name, inner in found.tables("a")] == [
        ("x", ("t", "a", "x")),
        ("z", ("t", "a", "z")),
    ]
    assert noted(found) == [("t.a.y", "is 3", "a table")]


def test_a_table_at_the_top_has_no_prefix():
    found = Table({"a": 1}, "", [])
    found.text("a")
    assert noted(found) == [("a", "is 1", "a string")]


def test_keys_that_nobody_asked_for_are_unknown():
    found = table(name="x", nme="y", other=1)
    found.text("name")
    found.finish()
    assert [(p.where, p.what, p.hint) for p in found.problems] == [
        ("t.nme", "unknown key", "did you mean 'name'?"),
        ("t.other", "unknown key", "known: name"),
    ]


def test_keys_that_were_asked_for_are_known_even_where_they_are_wrong():
    found = table(a=1, b="x", c="y", d=2)
    found.text("a")
    found.whole("b", 1)
    found.size("c", 1)
    found.names("d")
    before = len(found.problems)
    found.finish()
    assert len(found.problems) == before == 4
