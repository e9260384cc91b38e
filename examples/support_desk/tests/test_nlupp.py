"""NLU++ is read with its slots as entities, and refused with everything that is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_desk.errors import DataError
from support_desk.extractor import EntityType
from support_desk.training.nlupp import EXPECTED, SLOTS, Slot, read_nlupp, resolved

if TYPE_CHECKING:
    from pathlib import Path


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_nlupp(folder)
    return str(caught.value)


def test_slots_become_the_five_types(small_data: Path) -> None:
    data = read_nlupp(small_data)
    assert len(data.folds) == 14
    message, other = data.folds[3]
    assert other.text == "thanks a lot"
    assert other.spans == ()
    assert [(span.type, message.text[span.start : span.end]) for span in message.spans] == [
        (EntityType.AMOUNT, "3 pounds"),  # the slot `number` is none of the five
        (EntityType.PERSON, "Ann"),
        (EntityType.COMPANY, "Acme Ltd"),
        (EntityType.DATE, "4 May"),
        (EntityType.TIME, "noon"),
    ]
    assert [one.name for one in data.files] == [
        f"nlupp-banking/fold{number}.json" for number in range(14)
    ]


def test_of_spans_that_overlap_the_longest_is_kept_then_the_first() -> None:
    slots = {
        "time_period": Slot("morning", (5, 12)),
        "date": Slot("this morning", (0, 12)),
        "company_name": Slot("on", (40, 43)),
        "date_period": Slot("next week", (42, 51)),
        "date_to": Slot("of May", (20, 26)),
        "date_from": Slot("2nd of", (16, 22)),
        "person_name": Slot("May", (30, 33)),
        "time_from": Slot("May", (30, 33)),
    }
    assert [(span.type, span.start, span.end) for span in resolved(slots)] == [
        (EntityType.DATE, 0, 12),
        (EntityType.DATE, 16, 22),
        (EntityType.TIME, 30, 33),
        (EntityType.DATE, 42, 51),
    ]


@given(
    st.dictionaries(
        st.sampled_from([*SLOTS, "number"]),
        st.tuples(st.integers(0, 20), st.integers(1, 9)).map(
            lambda place: Slot("", (place[0], place[0] + place[1]))
        ),
    )
)
def test_spans_are_apart_and_in_order_whatever_the_order_of_the_slots(
    slots: dict[str, Slot],
) -> None:
    spans = resolved(slots)
    assert all(one.end <= two.start for one, two in pairwise(spans))
    assert spans == resolved(dict(reversed(slots.items())))
    if set(slots) & set(SLOTS):
        assert spans


def test_a_missing_folder_is_one_problem(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        "the training data is missing\n"
        f"  where: {tmp_path}/nlupp-banking\n"
        "  expected: a folder with fold0.json to fold13.json\n"
        "hint: python -m support_desk.training --help"
    )


def test_all_faults_of_all_folds_are_reported_at_once(small_data: Path) -> None:
    place = small_data / "nlupp-banking"
    (place / "fold0.json").unlink()
    (place / "fold1.json").write_text("{}", encoding="utf-8")
    (place / "fold2.json").write_text("[]", encoding="utf-8")
    fold = [
        {"text": "hello"},
        {"intents": []},
        {"text": "on 3 May", "slots": {"date": {"text": "3 May", "span": [2, 8]}}},
        {"text": "on 3 May", "slots": {"date": {"text": "3 May", "span": [3, 99]}}},
    ]
    (place / "fold13.json").write_text(json.dumps(fold), encoding="utf-8")
    assert refusal(small_data) == (
        "the training data is missing\n"
        f"  where: {place}/fold0.json\n"
        f"  expected: {EXPECTED}\n"
        "not a fold: Expected `array`, got `object`\n"
        f"  where: {place}/fold1.json\n"
        f"  expected: {EXPECTED}\n"
        "the fold has no messages\n"
        f"  where: {place}/fold2.json\n"
        f"  expected: {EXPECTED}\n"
        "not a message: Object missing required field `text`\n"
        f"  where: {place}/fold13.json, message 1\n"
        f"  expected: {EXPECTED}\n"
        "the slot date from 2 to 8 is not '3 May'\n"
        f"  where: {place}/fold13.json, message 2\n"
        "  expected: the span of characters that the text of it has\n"
        "the slot date from 3 to 99 is not '3 May'\n"
        f"  where: {place}/fold13.json, message 3\n"
        "  expected: the span of characters that the text of it has\n"
        "hint: python -m support_desk.training --help"
    )


def test_data_without_a_type_of_entity_cannot_teach_it(small_data: Path) -> None:
    for path in (small_data / "nlupp-banking").iterdir():
        fold = json.loads(path.read_text(encoding="utf-8"))
        fold[0]["slots"].pop("time")
        path.write_text(json.dumps(fold), encoding="utf-8")
    assert refusal(small_data) == (
        "no time is marked\n"
        f"  where: {small_data}/nlupp-banking\n"
        "  expected: entities of each type\n"
        "hint: python -m support_desk.training --help"
    )


def test_the_real_data_are_read_whole(real_data: Path) -> None:
    folds = read_nlupp(real_data).folds
    assert sum(map(len, folds)) == 1450
    kinds = Counter(span.type for fold in folds for message in fold for span in message.spans)
    assert kinds == {"date": 322, "time": 103, "amount": 90, "company": 65, "person": 46}
