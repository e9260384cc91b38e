"""Reads banking77: a CSV file with the columns `text` and `category`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from support_desk.errors import DataError, Problem
from support_desk.folders import sha256
from support_desk.training.data import Dataset, Row, content_of, too_small

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ("text", "category")
EXPECTED = "a CSV file in UTF-8 with the columns text and category"


def read_banking77(folder: Path) -> Dataset:
    """Read `banking77/train.csv` in `folder`; raises `DataError` with everything wrong with it."""
    path = folder / "banking77" / "train.csv"
    content = content_of(path, EXPECTED)
    try:
        rows, problems = _rows(content.decode("utf-8-sig"), path)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem(f"not CSV: {error}", str(path), EXPECTED)]) from error
    problems += too_small(rows, path)
    if problems:
        raise DataError(problems)
    return Dataset("banking77/train.csv", sha256(content), tuple(rows))


def _rows(content: str, path: Path) -> tuple[list[Row], list[Problem]]:
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        what = f"the column {' and the column '.join(missing)} is missing"
        raise DataError([Problem(what, f"{path}, line 1", EXPECTED)])
    rows: list[Row] = []
    problems: list[Problem] = []
    for record in reader:
        text, intent = ((record[name] or "").strip() for name in COLUMNS)
        rows.append(Row(text, intent))
        problems += [
            Problem(f"{name} is empty", f"{path}, line {reader.line_num}", f"a {name}")
            for name, value in zip(COLUMNS, (text, intent), strict=True)
            if not value
        ]
    return rows, problems
