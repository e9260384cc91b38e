"""The corpus that is shipped is large enough, well marked and free of repetition."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from support_desk.errors import DataError
from support_desk.training.corpus import CORPUS, read_corpus, read_marked, read_messages

if TYPE_CHECKING:
    from pathlib import Path


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_every_intent_has_many_messages() -> None:
    counts = Counter(message.intent for message in read_messages())
    assert len(counts) >= 30
    assert min(counts.values()) >= 20
    assert counts.total() >= 600


def test_no_message_is_there_twice() -> None:
    counts = Counter(plain(message.text) for message in read_messages())
    assert [text for text, count in counts.items() if count > 1] == []


def test_messages_are_short_and_long() -> None:
    words = sorted(len(message.text.split()) for message in read_messages())
    assert words[0] <= 2
    assert words[-1] >= 25


def test_every_kind_of_entity_is_marked_often() -> None:
    kinds = Counter(span.type for message in read_messages() for span in message.entities)
    assert set(kinds) == {"amount", "date", "time", "person", "company"}
    assert min(kinds.values()) >= 50


def test_spans_begin_and_end_with_a_word() -> None:
    for message in read_messages():
        for span in message.entities:
            words = message.text[span.start : span.end]
            assert words == words.strip(" .,;:!?'\""), message.text
            assert not re.match(r"(the|on|at|in|by|about|after|from|until) ", words), message.text
            around = message.text[: span.start][-1:] + message.text[span.end :][:1]
            assert not any(character.isalnum() for character in around), message.text


def test_amounts_are_money() -> None:
    for message in read_messages():
        for span in message.entities:
            if span.type == "amount":
                words = message.text[span.start : span.end]
                assert re.search(r"\d|pounds", words), words


def test_the_corpus_is_text_in_utf_8_with_one_message_a_line() -> None:
    content = CORPUS.read_text(encoding="utf-8")
    assert content.endswith("}\n")
    assert len(content.splitlines()) == len(read_corpus().rows)


def test_no_message_is_taken_from_banking77(real_data: Path) -> None:
    from support_desk.training.banking77 import read_banking77

    known = {plain(row.text) for row in read_banking77(real_data).rows}
    assert [row.text for row in read_corpus().rows if plain(row.text) in known] == []


def test_all_faults_of_a_corpus_are_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        '{"text": "pay Ann", "intent": "pay", '
        '"entities": [{"type": "person", "start": 4, "end": 9}]}\n'
        '{"text": " hello", "intent": "greet", "entities": []}\n'
        '{"text": "hello", "intent": "greet"}\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        read_messages(path)
    expected = 'lines like {"text": "…", "intent": "…", "entities": []}'
    assert str(caught.value) == (
        "the person from 4 to 9 is out of place\n"
        f"  where: {path}, line 1\n"
        "  expected: spans in order, apart, and within 7 characters\n"
        "text is ' hello'\n"
        f"  where: {path}, line 2\n"
        "  expected: a text without white space around it\n"
        "not a message: Object missing required field `entities`\n"
        f"  where: {path}, line 3\n"
        f"  expected: {expected}\n"
        "hint: python -m support_desk.training --help"
    )


def test_a_kind_of_entity_that_there_is_not_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text(
        '{"text": "hello", "intent": "greet", "entities": '
        '[{"type": "place", "start": 0, "end": 5}]}\n',
        encoding="utf-8",
    )
    with pytest.raises(
        DataError, match=r"Invalid enum value 'place' - at `\$\.entities\[0\]\.type`"
    ):
        read_messages(path)


def test_both_models_learn_from_the_same_messages() -> None:
    data, marked = read_marked()
    assert [row.text for row in data.rows] == [message.text for message in marked]
    assert data == read_corpus()
