"""The classifier loads its model from where it is told and keeps its contract."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from support_desk.classifier import Intent
from support_desk.classifier.linear import LinearClassifier, Settings
from support_desk.errors import ModelError
from support_desk.folders import current

if TYPE_CHECKING:
    from pathlib import Path


def test_a_message_gets_an_intent_and_a_confidence(
    corpus_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(corpus_models))
    answer = asyncio.run(LinearClassifier(Settings()).classify("I was charged twice for my lunch"))
    assert isinstance(answer, Intent)
    assert answer.name == "duplicate_payment"
    assert 0.3 < answer.confidence <= 1


def test_the_settings_name_the_model(corpus_models: Path) -> None:
    classifier = LinearClassifier(Settings(model=str(current(corpus_models) / "classifier")))
    assert asyncio.run(classifier.classify("my mum died")).name == "bereavement"


def test_a_classifier_without_a_model_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPPORT_DESK_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="the name of the current models is missing"):
        LinearClassifier(Settings())
