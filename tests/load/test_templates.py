from __future__ import annotations

import json
from urllib.parse import parse_qs, unquote

from hypothesis import given
from hypothesis import strategies as st

from amoeba.load.templates import Template, fill, places

ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)))


@given(ANY_TEXT)
def test_data_cannot_leave_its_place(text):
    template = Template(
        path="/t/{x}?q={x}", json={"a": "{x}", "b": ["is {x}!", {"{x}": 1}], "c": None}
    )
    filled = fill(template, {"x": text}, 0)
    path, _, query = filled.path.partition("?")
    assert path.count("/") == 2
    assert unquote(path) == f"/t/{text}"
    assert unquote(query) == f"q={text}"
    assert json.loads(filled.body) == {"a": text, "b": [f"is {text}!", {"{x}": 1}], "c": None}


@given(ANY_TEXT)
def test_a_form_is_encoded(text):
    filled = fill(Template("POST", form={"a": "<{x}>", "b": "1"}), {"x": text}, 0)
    found = parse_qs(filled.body.decode(), keep_blank_values=True)
    assert found == {"a": [f"<{text}>"], "b": ["1"]}
    assert filled.headers == {"content-type": "application/x-www-form-urlencoded"}


def test_a_place_alone_keeps_the_type_of_its_value():
    template = Template(json={"n": "{n}", "text": "n is {n}", "all": "{all}"})
    body = fill(template, {"n": 3, "all": [1, {"a": None}]}, 0).body
    assert json.loads(body) == {"n": 3, "text": "n is 3", "all": [1, {"a": None}]}


def test_what_is_built_in():
    template = Template(headers={"key": "{@uuid}"}, path="/{@number}", body="{{x}} {@number}")
    one, two = fill(template, {}, 7), fill(template, {}, 8)
    assert (one.path, one.body) == ("/7", b"{x} 7")
    assert one.headers["key"] != two.headers["key"]


def test_a_content_type_of_ones_own_stays():
    headers = {"Content-Type": "application/problem+json"}
    assert fill(Template(headers=headers, json=1), {}, 0).headers == headers


def test_places_are_found_wherever_they_are():
    template = Template(
        path="/{a}",
        headers={"h": "{b}"},
        json=[{"k": "{c}"}, 1],
        form={"f": "{d}"},
        body="{e}{{g}}",
    )
    assert sorted(places(template)) == [
        ("body", "e"), ("form", "d"), ("headers", "b"), ("json", "c"), ("path", "a"),
    ]  # fmt: skip
