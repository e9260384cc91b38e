"""Reads the banking part of NLU++: fourteen JSON files with messages and their slots.

Several slots are one type of entity here: the first day of a period is a date as much as the day
of a payment is. Slots that name none of the five types are left out. Where spans overlap, the
longest is kept; of equally long ones the first, and then the one whose slot comes first in `SLOTS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from support_desk.errors import DataError, Problem
from support_desk.extractor import EntityType
from support_desk.folders import sha256
from support_desk.trained.tagger.spans import Span
from support_desk.training.data import DataFile, Marked, content_of, unmarked

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "nlupp-banking"
FOLDS = 14
EXPECTED = 'a JSON list of {"text": "…", "slots": {"date": {"text": "…", "span": [0, 1]}}}'

SLOTS = {
    "amount_of_money": EntityType.AMOUNT,
    "date": EntityType.DATE,
    "date_from": EntityType.DATE,
    "date_to": EntityType.DATE,
    "date_period": EntityType.DATE,
    "time": EntityType.TIME,
    "time_from": EntityType.TIME,
    "time_to": EntityType.TIME,
    "time_period": EntityType.TIME,
    "person_name": EntityType.PERSON,
    "company_name": EntityType.COMPANY,
}
_RANK = {slot: rank for rank, slot in enumerate(SLOTS)}


class Slot(msgspec.Struct, frozen=True):
    """What fills a slot; what it stands for is not read."""

    text: str
    span: tuple[int, int]


class Record(msgspec.Struct, frozen=True):
    """One message of a fold."""

    text: str
    slots: dict[str, Slot] = {}


@dataclass(frozen=True, slots=True)
class Folds:
    """The folds in their order, with the names and digests of their files."""

    files: tuple[DataFile, ...]
    folds: tuple[tuple[Marked, ...], ...]


def read_nlupp(folder: Path) -> Folds:
    """Read `nlupp-banking` in `folder`; raises `DataError` with everything wrong with it."""
    place = folder / FOLDER
    if not place.is_dir():
        expected = f"a folder with fold0.json to fold{FOLDS - 1}.json"
        raise DataError([Problem("the training data is missing", str(place), expected)])
    files: list[DataFile] = []
    folds: list[tuple[Marked, ...]] = []
    problems: list[Problem] = []
    for number in range(FOLDS):
        path = place / f"fold{number}.json"
        try:
            content = content_of(path, EXPECTED)
            folds.append(_fold(content, path))
        except DataError as error:
            problems += error.problems
        else:
            files.append(DataFile(f"{FOLDER}/{path.name}", sha256(content)))
    problems = problems or unmarked((one for fold in folds for one in fold), place)
    if problems:
        raise DataError(problems)
    return Folds(tuple(files), tuple(folds))


def resolved(slots: dict[str, Slot]) -> tuple[Span, ...]:
    """Turn slots into spans that are apart and in order."""
    candidates = [(name, *slot.span) for name, slot in slots.items() if name in SLOTS]
    candidates.sort(key=lambda one: (one[1] - one[2], one[1], _RANK[one[0]]))
    kept: list[Span] = []
    for name, start, end in candidates:
        if all(end <= other.start or other.end <= start for other in kept):
            kept.append(Span(SLOTS[name], start, end))
    return tuple(sorted(kept, key=lambda span: span.start))


def _fold(content: bytes, path: Path) -> tuple[Marked, ...]:
    try:
        records = msgspec.json.decode(content, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError([Problem(f"not a fold: {error}", str(path), EXPECTED)]) from error
    if not records:
        raise DataError([Problem("the fold has no messages", str(path), EXPECTED)])
    messages: list[Marked] = []
    problems: list[Problem] = []
    for number, raw in enumerate(records):
        where = f"{path}, message {number}"
        try:
            record = msgspec.json.decode(raw, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problems.append(Problem(f"not a message: {error}", where, EXPECTED))
            continue
        problems += _faults(record, where)
        messages.append(Marked(record.text, resolved(record.slots)))
    if problems:
        raise DataError(problems)
    return tuple(messages)


def _faults(record: Record, where: str) -> list[Problem]:
    problems: list[Problem] = []
    for name, slot in record.slots.items():
        start, end = slot.span
        if not (0 <= start < end <= len(record.text) and record.text[start:end] == slot.text):
            what = f"the slot {name} from {start} to {end} is not {slot.text!r}"
            problems.append(Problem(what, where, "the span of characters that the text of it has"))
    return problems
