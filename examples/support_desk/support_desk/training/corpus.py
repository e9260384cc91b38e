"""Reads the corpus shipped with the example: messages with their intents and entities.

A line of `data/corpus.jsonl` is one message. An entity is a span of characters, `end` not included:
amounts of money, dates (days, months, years, and words for them), times of day, names of people
(with their titles) and of companies. Articles and prepositions before them are left out.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from support_desk.errors import DataError, Problem
from support_desk.folders import sha256
from support_desk.trained.tagger.spans import Span
from support_desk.training.data import Dataset, Marked, Row, content_of, too_small, unmarked

CORPUS = Path(__file__).resolve().parent.parent / "data" / "corpus.jsonl"
EXPECTED = 'lines like {"text": "…", "intent": "…", "entities": []}'


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
    return _rows(read_messages(path), path)


def read_marked(path: Path = CORPUS) -> tuple[Dataset, tuple[Marked, ...]]:
    """Read the corpus for both models, the same messages in the same order; raises `DataError`."""
    messages = read_messages(path)
    marked = tuple(Marked(message.text, message.entities) for message in messages)
    if problems := unmarked(marked, path):
        raise DataError(problems)
    return _rows(messages, path), marked


def _rows(messages: list[Message], path: Path) -> Dataset:
    rows = tuple(Row(message.text, message.intent) for message in messages)
    if problems := too_small(rows, path):
        raise DataError(problems)
    return Dataset(path.name, sha256(path.read_bytes()), rows)


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
