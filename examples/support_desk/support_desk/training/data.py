"""What models are trained on: messages whose intents, or whose entities, are known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from support_desk.errors import DataError, Problem
from support_desk.extractor import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from support_desk.trained.tagger.spans import Span

FEWEST_MESSAGES = 5
"""Of each intent: one to hold out and four to learn from."""

FEWEST_INTENTS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One message, without white space around it, and what it asks for."""

    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class Marked:
    """One message, and all that it names: spans that are apart and in order."""

    text: str
    spans: tuple[Span, ...]


class DataFile(msgspec.Struct, frozen=True):
    """A file of data, named from the folder that was asked for."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows in the order of their file, with the file's name and digest."""

    name: str
    sha256: str
    rows: tuple[Row, ...]


def content_of(path: Path, expected: str) -> bytes:
    """Read a data file; raises `DataError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError([Problem("the training data is missing", str(path), expected)]) from None
    except OSError as error:
        what = f"the training data cannot be read: {error.strerror or error}"
        raise DataError([Problem(what, str(path), expected)]) from error


def too_small(rows: Sequence[Row], path: Path) -> list[Problem]:
    """Find what keeps `rows` from being split and learnt from."""
    counts = Counter(row.intent for row in rows)
    problems = [
        Problem(
            f"the intent {intent!r} has {count} messages",
            str(path),
            f"at least {FEWEST_MESSAGES} messages of each intent",
        )
        for intent, count in counts.items()
        if count < FEWEST_MESSAGES
    ]
    if len(counts) < FEWEST_INTENTS:
        what = f"the training data has {len(counts)} intents"
        problems.append(Problem(what, str(path), f"at least {FEWEST_INTENTS} intents"))
    return problems


def unmarked(messages: Iterable[Marked], path: Path) -> list[Problem]:
    """Find the types of entity that nothing could be learnt of."""
    marked = {span.type for message in messages for span in message.spans}
    return [
        Problem(f"no {kind} is marked", str(path), "entities of each type")
        for kind in EntityType
        if kind not in marked
    ]
