"""The line of each key, found beside tomllib, for any valid document."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.app.lines import key_lines, line_of

NAMES = st.from_regex(r"[a-z][a-z0-9_-]{0,5}", fullmatch=True)
# What stands in texts and comments, and could be taken for structure.
MISLEADING = st.text(st.sampled_from("ab =#[]{},.'1\t"), max_size=12)


@st.composite
def values(draw, depth: int = 2):
    """A value as TOML, which may stretch over several lines."""
    simple = st.one_of(
        st.integers().map(str),
        st.sampled_from(["true", "false", "1.5", "2024-01-01", "nan"]),
        MISLEADING.map(lambda text: f'"{text}"'),
        st.lists(MISLEADING, max_size=3).map(lambda texts: '"""' + "\n".join(texts) + '"""'),
        st.lists(MISLEADING.map(lambda t: t.replace("'", "")), max_size=3).map(
            lambda texts: "'''" + "\n".join(texts) + "'''"
        ),
    )
    if depth == 0 or draw(st.booleans()):
        return draw(simple)
    items = draw(st.lists(values(depth - 1), max_size=3))
    if draw(st.booleans()):
        breaks = draw(st.sampled_from(["", "\n", "\n  # [x]\n", "  # a = 1\n\n"]))
        return "[" + breaks + ("," + breaks).join(items) + breaks + "]"
    keys = draw(st.lists(NAMES, min_size=len(items), max_size=len(items), unique=True))
    return "{ " + ", ".join(f"{k} = {v}" for k, v in zip(keys, items, strict=True)) + " }"


def written(name: str, style: str) -> str:
    return f"{style}{name}{style}"


@st.composite
def documents(draw):
    """A TOML document, and the line on which each of its keys and tables stands."""
    text, expected = "", {}
    tables = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    for position, table in enumerate(["", *tables]):
        path: tuple[str, ...] = ()
        if position:
            path = (table, draw(NAMES)) if draw(st.booleans()) else (table,)
            dot = draw(st.sampled_from([".", " . "]))
            style = draw(st.sampled_from(["", '"', "'"]))
            expected[path] = text.count("\n") + 1
            header = dot.join(written(name, style) for name in path)
            text += f"{draw(st.sampled_from(['[{}]', '  [ {} ]  # [z]'])).format(header)}\n"
        text += draw(st.sampled_from(["", "\n", "# k = 1\n", " \n\t# [t]\n"]))
        for name in draw(st.lists(NAMES, max_size=4, unique=True)):
            # A key at the top must not be a table that follows.
            own = (f"{name}-{position}", *draw(st.lists(NAMES, max_size=1)))
            style = draw(st.sampled_from(["", '"', "'"]))
            expected[path + own] = text.count("\n") + 1
            key = ".".join(written(part, style) for part in own)
            equals = draw(st.sampled_from(["=", " = ", "   =  "]))
            ending = draw(st.sampled_from(["\n", "  # [u]\n", "\n\n", "\r\n"]))
            text += f"{key}{equals}{draw(values())}{ending}"
    return text, expected


@given(documents())
def test_every_key_and_table_has_its_line(document):
    text, expected = document
    text = text.replace("\r\n", "\n")  # as read_text gives it
    data = tomllib.loads(text)
    lines = key_lines(text)
    for path, line in expected.items():
        assert has(data, path)
        assert lines[path] == line


def has(data: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        data = data[name]
    return data is not None


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("[t]\n\n# c\nb = 2", ("t", "b"), 4),
        ("[t]\nx = { b = 2, c = 3 }\ny = 1", ("t", "x", "c"), 2),
        ("[t]\nx = { b = { c = 3 } }\ny = 1", ("t", "x", "b", "c"), 2),
        ('[t]\nx = { b = """\nc = 1\n""" }\nc = 1', ("t", "c"), 5),
        ("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2),
        ("[a]\nb.c = 1\n[a.d]\ne = 1", ("a", "d", "e"), 4),
        ("[a.b]\nc = 1\n[a]\nd = 1", ("a",), 3),
        ('["a.b"]\nc = 1', ("a.b", "c"), 2),
        ('"x = y" = 1\n"#" = 2', ("#",), 2),
        ('["a]b"]\nc = 1', ("a]b", "c"), 2),
        ('[t]\n"a\\"b" = 1\n', ("t", 'a"b'), 2),
        ('[t]\n"a\\u0062" = 1\n', ("t", "ab"), 2),
        ("a = 1  # one\u2028two\nb = 2", ("b",), 2),
        ("a = 'x\u0085y'\nb = 2", ("b",), 2),
        ("[[a]]\nb = 1\n[[a]]\nc = 2", ("a", "c"), 4),
        ('a = [ # "\n  "]", # [b]\n]\nb = 1', ("b",), 4),
        ("a = ''''''\nb = 1", ("b",), 2),
    ],
)
def test_a_key_is_found_where_it_stands(text, path, line):
    tomllib.loads(text)
    assert line_of(key_lines(text), path) == line


def test_what_is_not_there_stands_where_its_table_does():
    lines = key_lines("[a]\n[a.b]\nc = 1")
    assert line_of(lines, ("a", "b", "missing", "deeper")) == 2
    assert line_of(lines, ("a", "x")) == 1


def test_what_has_no_table_around_it_has_no_line():
    assert line_of(key_lines("[a]\nb = 1"), ("nowhere", "b")) == 0
    assert line_of({}, ()) == 0


def test_what_looks_like_a_key_inside_a_text_is_none():
    lines = key_lines('a = """\n[b]\nc = 1\n"""\n')
    assert lines == {("a",): 1}
