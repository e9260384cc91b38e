"""Reads the corpus shipped with the example: messages with their intents and entities.

A line of `data/corpus.jsonl` is one message. An entity is a span of characters, `end` not included:
amounts of money, dates (days, months, years, and words for them), times of day, names of people
(with their titles) and of companies. Articles and prepositions before them are left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from support_desk.classifier.card import sha256
from support_desk.errors import DataError, Problem
from support_desk.training.data import Dataset, Row, content_of, too_small

CORPUS = Path(__file__).resolve().parent.parent / "data" / "corpus.jsonl"
EXPECTED = 'lines like {"text": "…", "intent": "…", "entities": []}'

EntityType = Literal["amount", "date", "time", "person", "company"]


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entity in a message: its kind, and its first character and the one after its last."""

    type: EntityType
    start: int
    end: int


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the corpus."""

    text: str
    intent: str
    entities: tuple[Span, ...]


def read_messages(path: Path = CORPUS) -> list[Message]:
    """Read the messages with their entities; raises `DataError` with everything wrong with them."""
    messages: list[Message] = []
    problems: list[Problem] = []
    for number, line in enumerate(content_of(path, EXPECTED).splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            message = msgspec.json.decode(line, type=Message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problems.append(Problem(f"not a message: {error}", where, EXPECTED))
            continue
        messages.append(message)
        problems += _faults(message, where)
    if problems:
        raise DataError(problems)
    return messages


def read_corpus(path: Path = CORPUS) -> Dataset:
    """Read the corpus as rows to train the classifier on; raises `DataError`."""
    rows = [Row(message.text, message.intent) for message in read_messages(path)]
    if problems := too_small(rows, path):
        raise DataError(problems)
    return Dataset(path.name, sha256(path.read_bytes()), tuple(rows))


def _faults(message: Message, where: str) -> list[Problem]:
    problems = [
        Problem(f"{name} is {value!r}", where, f"a {name} without white space around it")
        for name, value in (("text", message.text), ("intent", message.intent))
        if not value or value != value.strip()
    ]
    reached = 0
    for span in message.entities:
        if not reached <= span.start < span.end <= len(message.text):
            what = f"the {span.type} from {span.start} to {span.end} is out of place"
            expected = f"spans in order, apart, and within {len(message.text)} characters"
            problems.append(Problem(what, where, expected))
        reached = max(reached, span.end)
    return problems
