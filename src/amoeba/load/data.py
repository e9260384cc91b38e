"""Data files: rows from CSV or JSON Lines, read whole, every wrong line noted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from amoeba.errors import Problem

LARGEST_BYTES = 256 << 20
MOST_PROBLEMS = 3
"""Of one file: what is wrong in every line needs no saying for each."""


def read_rows(
    path: Path, columns: tuple[str, ...] = ()
) -> tuple[list[dict[str, Any]], tuple[str, ...], list[Problem]]:
    """The rows of a file, the names of its columns, and what is wrong in it.

    `columns` names those of a CSV file whose first line is data. Of JSON Lines the columns are
    those of the first line. A file that cannot be read is one problem, without a line.
    """
    text, problem = _read(path)
    if problem:
        return [], (), [problem]
    problems: list[Problem] = []
    if path.suffix == ".csv":
        found, names = _read_csv(text, columns, str(path), problems)
    else:
        found, names = _read_json_lines(text, str(path), problems)
    if not found and not problems:
        problems.append(Problem("has no rows", file=str(path)))
    if len(problems) > MOST_PROBLEMS:
        more = Problem(f"and {len(problems) - MOST_PROBLEMS} more lines", file=str(path))
        last = problems[MOST_PROBLEMS - 1].line
        problems = [*problems[:MOST_PROBLEMS], more.at(str(path), last)]
    return found, names, problems


def _read(path: Path) -> tuple[str, Problem | None]:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return "", Problem(f"is larger than {LARGEST_BYTES >> 20} MiB", file=str(path))
        return path.read_text(encoding="utf-8-sig"), None
    except FileNotFoundError:
        return "", Problem("does not exist", file=str(path))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return "", Problem(f"is not UTF-8 at byte {error.start}").at(str(path), line)
    except OSError as error:
        return "", Problem(f"cannot be read: {error.strerror}", file=str(path))


def _read_csv(
    text: str, columns: tuple[str, ...], file: str, problems: list[Problem]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[dict[str, Any]] = []
    names = columns
    try:
        for fields in reader:
            if not names:
                names = tuple(field.strip() for field in fields)
            elif len(fields) == len(names):
                found.append(dict(zip(names, fields, strict=True)))
            elif fields:
                what = f"has {len(fields)} fields"
                expected = f"{len(names)}: {', '.join(names)}"
                problems.append(Problem(what, expected=expected).at(file, reader.line_num))
    except csv.Error as error:
        problems.append(Problem(f"is not valid CSV: {error}").at(file, reader.line_num))
    return found, names


def _read_json_lines(
    text: str, file: str, problems: list[Problem]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    found: list[dict[str, Any]] = []
    for number, line in _lines(text):
        try:
            found.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.ValidationError:
            problems.append(Problem("is no JSON object").at(file, number))
        except msgspec.DecodeError as error:
            problems.append(Problem(f"is not valid JSON: {error}").at(file, number))
    return found, tuple(found[0]) if found else ()


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their 1-based numbers; only a line feed ends one."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line
