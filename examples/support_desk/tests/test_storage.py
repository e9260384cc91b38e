"""A model that is missing, damaged or of another format is one clear error, and runs no code."""

from __future__ import annotations

import io
import json
import re
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from support_desk.errors import ModelError
from support_desk.folders import current, sha256
from support_desk.trained.linear.card import read_card
from support_desk.trained.linear.storage import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(corpus_models: Path, tmp_path: Path) -> Path:
    """A model of one's own to damage."""
    return shutil.copytree(current(corpus_models) / "classifier", tmp_path / "classifier")


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load(folder)
    return str(caught.value)


def test_a_model_that_was_never_trained_is_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "classifier") == (
        "the classifier's model is missing\n"
        f"  where: {tmp_path}/classifier/model.json\n"
        "  expected: a file written by training\n"
        "hint: python -m support_desk.training"
    )


def test_missing_weights_are_named(folder: Path) -> None:
    weights = folder / read_card(folder).weights_file
    weights.unlink()
    assert refusal(folder) == (
        "the classifier's model is missing\n"
        f"  where: {weights}\n"
        "  expected: a file written by training\n"
        "hint: python -m support_desk.training"
    )


def test_a_folder_in_place_of_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "model.json").mkdir()
    assert refusal(tmp_path) == (
        "the classifier's model cannot be read: Is a directory\n"
        f"  where: {tmp_path}/model.json\n"
        "  expected: a readable file\n"
        "hint: python -m support_desk.training"
    )


@pytest.mark.parametrize("position", [0, 100, -1])
def test_one_wrong_byte_in_the_weights_is_noticed(folder: Path, position: int) -> None:
    weights = folder / read_card(folder).weights_file
    content = bytearray(weights.read_bytes())
    content[position] ^= 1
    weights.write_bytes(content)
    assert refusal(folder) == (
        "the classifier's model is damaged: its digest is not the one in model.json\n"
        f"  where: {weights}\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )


def test_weights_that_end_early_are_noticed(folder: Path) -> None:
    weights = folder / read_card(folder).weights_file
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "is damaged: its digest is not the one in model.json" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Input data was truncated"),
        (b'{"format": 1', "Input data was truncated"),
        (b"weights", "JSON is malformed: invalid character (byte 0)"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "Object missing required field `format`"),
        (b'{"format": 1}', "Object missing required field `metrics`"),
    ],
)
def test_a_description_that_is_not_one_is_damaged(
    folder: Path, content: bytes, reason: str
) -> None:
    (folder / "model.json").write_bytes(content)
    assert refusal(folder) == (
        f"the classifier's model is damaged: {reason}\n"
        f"  where: {folder}/model.json\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )


def changed(folder: Path, **values: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), "utf-8")


def test_a_changed_name_is_noticed(folder: Path) -> None:
    path = folder / "model.json"
    content = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'"branch_info"', '"branch_infos"', content), encoding="utf-8")
    assert "is damaged: the names in it do not match their digest" in refusal(folder)


def test_another_format_is_named_with_the_one_expected(folder: Path) -> None:
    changed(folder, format=2, added="later")
    assert refusal(folder) == (
        "the classifier's model has format 2\n"
        f"  where: {folder}/model.json\n"
        "  expected: format 1\n"
        "hint: python -m support_desk.training"
    )


def replaced(folder: Path, content: bytes) -> None:
    """Put other weights into the model, with a digest that is right."""
    changed(folder, weights_sha256=sha256(content))
    (folder / read_card(folder).weights_file).write_bytes(content)


def npz(**arrays: object) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # objects, to see them refused
    return buffer.getvalue()


def test_nothing_is_ever_unpickled(folder: Path) -> None:
    replaced(folder, npz(word_idf=np.array([{"an": "object"}], dtype=object)))
    assert "is damaged: Object arrays cannot be loaded" in refusal(folder)


def test_weights_of_another_model_do_not_fit(folder: Path) -> None:
    one = np.ones(1)
    replaced(folder, npz(word_idf=one, character_idf=one, weights=np.ones((2, 3)), intercept=one))
    assert "is damaged: its numbers do not fit the names in model.json" in refusal(folder)


def test_weights_that_are_no_archive_are_damaged(folder: Path) -> None:
    replaced(folder, b"PK\x03\x04 and no more")
    assert "is damaged: File is not a zip file" in refusal(folder)
    replaced(folder, npz(weights=np.ones(3)))
    assert "is damaged: " in refusal(folder)
