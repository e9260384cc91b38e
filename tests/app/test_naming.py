"""Asking for one of several modules that keep the same contract."""

from __future__ import annotations

from typing import Annotated

import amoeba
from amoeba.app.naming import asked_name, named


def test_a_name_in_an_annotation_is_found():
    assert asked_name(Annotated[int, named("fast")]) == "fast"


def test_a_name_among_other_metadata_is_found():
    assert asked_name(Annotated[int, "a note", named("fast"), 3]) == "fast"


def test_an_optional_contract_may_be_named():
    assert asked_name(Annotated[int | None, named("fast")]) == "fast"


def test_an_annotation_without_a_name_asks_for_none():
    assert asked_name(int) == ""
    assert asked_name(Annotated[int, "fast"]) == ""
    assert asked_name(list[int]) == ""
    assert asked_name(None) == ""


def test_a_name_is_data():
    assert named("fast") == named("fast")
    assert named("fast") != named("slow")
    assert len({named("fast"), named("fast")}) == 1


def test_the_facade_has_it():
    assert amoeba.named is named
