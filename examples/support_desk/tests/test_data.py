"""Data that cannot be trained on is refused with everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_desk.training.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

EXPECTED = "a CSV file in UTF-8 with the columns text and category"
FOLD = 'a JSON list of {"text": "…", "slots": {"date": {"text": "…", "span": [0, 1]}}}'
ENOUGH = "".join(
    f"message {number} about {intent},{intent}\n" for intent in "abc" for number in range(5)
)


def refusal(
    folder: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> tuple[str, Path]:
    path = folder / "banking77" / "train.csv"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert main(["--data", str(folder), "--out", str(folder / "models")]) == 2
    assert not (folder / "models").exists()
    told = capsys.readouterr()
    assert told.out == ""
    return told.err, path


def golden(*problems: tuple[str, str, str]) -> str:
    told = "".join(
        f"{what}\n  where: {where}\n  expected: {expected}\n" for what, where, expected in problems
    )
    return f"error: {told}hint: python -m support_desk.training --help\n"


def test_missing_data_is_named(small_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, path = refusal(small_data, None, capsys)
    assert told == golden(("the training data is missing", str(path), EXPECTED))


def test_missing_columns_are_named(small_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, path = refusal(small_data, b"text,intent\nhello,greet\n", capsys)
    assert told == golden(("the column category is missing", f"{path}, line 1", EXPECTED))


def test_an_empty_file_lacks_both_columns(
    small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, path = refusal(small_data, b"", capsys)
    what = "the column text and the column category is missing"
    assert told == golden((what, f"{path}, line 1", EXPECTED))


def test_every_empty_value_is_reported(
    small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"text,category\n{ENOUGH}hello,\n  ,a\n".encode()
    told, path = refusal(small_data, content, capsys)
    few = "at least 5 messages of each intent"
    assert told == golden(
        ("category is empty", f"{path}, line 17", "a category"),
        ("text is empty", f"{path}, line 18", "a text"),
        ("the intent '' has 1 messages", str(path), few),
    )


def test_too_little_data_is_reported(small_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told, path = refusal(small_data, b"text,category\nhello,greet\n", capsys)
    assert told == golden(
        ("the intent 'greet' has 1 messages", str(path), "at least 5 messages of each intent"),
        ("the training data has 1 intents", str(path), "at least 3 intents"),
    )


def test_data_that_is_not_text_is_refused(
    small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told, path = refusal(small_data, b"text,category\n\xff\xfe,a\n", capsys)
    assert told.startswith("error: not CSV: 'utf-8' codec can't decode byte 0xff in position 14")
    assert f"\n  where: {path}\n  expected: {EXPECTED}\n" in told


def test_of_many_problems_ten_are_shown(
    small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = f"text,category\n{ENOUGH}{',a' + chr(10)}".encode() + b",a\n" * 20
    told, _ = refusal(small_data, content, capsys)
    assert told.count("text is empty") == 10
    assert told.endswith("and 11 more problems\nhint: python -m support_desk.training --help\n")


def test_the_problems_of_both_data_sets_are_reported_at_once(
    small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fold = small_data / "nlupp-banking" / "fold7.json"
    fold.unlink()
    told, path = refusal(small_data, None, capsys)
    assert told == golden(
        ("the training data is missing", str(path), EXPECTED),
        ("the training data is missing", str(fold), FOLD),
    )
