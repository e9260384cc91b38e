"""Files are found from the application's folder, or where SUPPORT_DESK_MODELS says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support_desk.errors import ModelError
from support_desk.folders import current, models, resolved

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "20261124T224500Z-0123abcd"


def test_models_lie_beside_amoeba_toml(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert models() == application / "models"
    assert resolved("models") == application / "models"
    assert resolved("elsewhere") == application / "elsewhere"


def test_the_environment_names_another_folder_of_models(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_DESK_MODELS", "trained")
    assert models() == tmp_path / "trained"
    assert resolved("models") == tmp_path / "trained"
    assert resolved("elsewhere") == application / "elsewhere"


def test_a_model_is_looked_for_in_the_current_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(tmp_path))
    (tmp_path / "current").write_text(f"{VERSION}\n", encoding="utf-8")
    assert resolved("models/classifier") == tmp_path / VERSION / "classifier"
    (tmp_path / "current").write_text(f"{VERSION}-2", encoding="utf-8")
    assert resolved("models/classifier") == tmp_path / f"{VERSION}-2" / "classifier"


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert resolved(str(tmp_path / "model")) == tmp_path / "model"


def test_models_that_were_never_trained_are_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(tmp_path))
    with pytest.raises(ModelError) as caught:
        resolved("models/extractor")
    assert str(caught.value) == (
        "the name of the current models is missing\n"
        f"  where: {tmp_path}/current\n"
        "  expected: a file written by training\n"
        "hint: python -m support_desk.training"
    )


@pytest.mark.parametrize("name", ["", "..", "../elsewhere", "/etc", "a\nb", f"{VERSION}/.."])
def test_only_a_version_can_be_current(tmp_path: Path, name: str) -> None:
    (tmp_path / "current").write_text(name, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        current(tmp_path)
    assert str(caught.value) == (
        f"the name of the current models is damaged: it says {name!r}\n"
        f"  where: {tmp_path}/current\n"
        "  expected: the file as training wrote it\n"
        "hint: python -m support_desk.training"
    )
