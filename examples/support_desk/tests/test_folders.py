"""Files are found from the application's folder, or where SUPPORT_DESK_MODELS says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_desk.folders import models, resolved

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_models_lie_beside_amoeba_toml(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert models() == application / "models"
    assert resolved("models/classifier") == application / "models" / "classifier"
    assert resolved("elsewhere") == application / "elsewhere"


def test_the_environment_names_another_folder_of_models(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUPPORT_DESK_MODELS", "trained")
    assert models() == tmp_path / "trained"
    assert resolved("models/classifier") == tmp_path / "trained" / "classifier"
    assert resolved("elsewhere") == application / "elsewhere"


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert resolved(str(tmp_path / "model")) == tmp_path / "model"
