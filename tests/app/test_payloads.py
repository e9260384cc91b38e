"""Which requests are recorded, and what of them is not: as `[evidence.payloads]` says it."""

from __future__ import annotations

import pytest

from amoeba.app.payloads import ALWAYS, PayloadSpec, Place, Step, read_place

APP = '[app]\ngateway = "shop.web:api"\n'


def test_nothing_is_recorded_unless_it_is_asked_for(read):
    assert read(APP).evidence.payloads.routes == ()


def test_everything_can_be_said(read):
    more = """
[evidence.payloads]
routes = ["POST /tickets", "GET /tickets/{id:path}"]
redact = ["$.customer_id", "header:X-Api-Key", "query:token"]
size = "32MiB"
request = "256KiB"
keep = "12h"
"""
    found = read(APP + more).evidence.payloads
    assert found.routes == ("POST /tickets", "GET /tickets/{id:path}")
    assert found.redact[:3] == (
        Place("body", steps=(Step("customer_id"),)),
        Place("header", "x-api-key"),
        Place("query", "token"),
    )
    assert (found.most_bytes, found.body_bytes, found.keep_s) == (32 << 20, 256 << 10, 43200.0)


def test_what_is_secret_everywhere_is_redacted_unless_told_otherwise(read):
    more = '[evidence.payloads]\nroutes = ["GET /"]\n'
    always = {place.name for place in read(APP + more).evidence.payloads.redact}
    assert always == {each.removeprefix("header:") for each in ALWAYS}
    told = read(APP + more + 'redact = ["!header:Cookie"]').evidence.payloads.redact
    assert always - {place.name for place in told} == {"cookie"}


def test_the_defaults_are_those_of_the_documents(read):
    found = read(APP + '[evidence.payloads]\nroutes = ["GET /"]\n').evidence.payloads
    assert found == PayloadSpec(routes=("GET /",), redact=found.redact)
    assert (found.most_bytes, found.body_bytes, found.keep_s) == (16 << 20, 64 << 10, 604800.0)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("$", ()),
        ("$.a", (Step("a"),)),
        ("$.a.b-c", (Step("a"), Step("b-c"))),
        ("$.items[0].name", (Step("items"), Step(0), Step("name"))),
        ("$[*].name", (Step(None), Step("name"))),
        ("$.*.name", (Step(None), Step("name"))),
        ("$..password", (Step("password", deep=True),)),
        ('$["a b.c"].d', (Step("a b.c"), Step("d"))),
    ],
)
def test_a_path_into_a_body_is_read(text, steps):
    assert read_place(text) == Place("body", steps=steps)


@pytest.mark.parametrize("text", ["", "a", "$a", "$.", "$.a b", "$[a]", "$[-1]", '$["a]', "$...a"])
def test_other_text_is_no_place(text):
    assert read_place(text) is None
