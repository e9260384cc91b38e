"""The model answers as scikit-learn would, and alike in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped]  # ships no types
    TfidfVectorizer,
)
from support_desk.folders import current
from support_desk.trained.linear.card import Metrics, Origin, Parameters
from support_desk.trained.linear.features import character_grams, word_grams
from support_desk.trained.linear.storage import load, save
from support_desk.training.corpus import read_corpus
from support_desk.training.fit import fit, trained

if TYPE_CHECKING:
    from pathlib import Path

    from sklearn.pipeline import Pipeline  # type: ignore[import-untyped]  # ships no types
    from support_desk.trained.linear.model import Model
    from support_desk.trained.linear.storage import Trained

ROWS = read_corpus().rows
MESSAGES = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([row.text for row in ROWS]), max_size=4).map(" ".join),
)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """What scikit-learn makes of every second message."""
    return fit(ROWS[::2], Parameters())


@pytest.fixture(scope="module")
def taken(pipeline: Pipeline) -> Trained:
    """What is taken of it for serving."""
    return trained(pipeline, Parameters())


@pytest.fixture(scope="module")
def model(taken: Trained) -> Model:
    return taken.model()


@given(st.text(max_size=60))
def test_n_grams_are_those_of_scikit_learn(text: str) -> None:
    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\w+").build_analyzer()
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)).build_analyzer()
    assert sorted(word_grams(text, 1, 2)) == sorted(words(text))
    assert sorted(character_grams(text, 2, 5)) == sorted(characters(text))


@settings(deadline=None)  # no judgement of speed
@given(text=MESSAGES)
def test_probabilities_are_those_of_scikit_learn(
    pipeline: Pipeline, model: Model, text: str
) -> None:
    expected = pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(model.probabilities(text), expected, rtol=0, atol=1e-9)


@settings(deadline=None)
@given(text=MESSAGES)
def test_every_text_has_a_label_and_a_probability(model: Model, text: str) -> None:
    label, probability = model.best(text)
    assert label in model.labels
    assert 1 / len(model.labels) - 1e-12 <= probability <= 1


def test_a_saved_model_answers_exactly_as_before(
    tmp_path: Path, taken: Trained, model: Model
) -> None:
    save(tmp_path, taken, Origin("test", "", 0, ()), Metrics(0.5, 1, 1))
    loaded = load(tmp_path)
    assert loaded.labels == model.labels
    for row in ROWS[1::10]:
        assert loaded.probabilities(row.text).tolist() == model.probabilities(row.text).tolist()


ASK = """
import sys
from pathlib import Path
from support_desk.trained.linear.storage import load
print(load(Path(sys.argv[1])).best(sys.argv[2])[1].hex())
print(sorted({"sklearn", "scipy", "pickle"} & set(sys.modules)))
"""


def ask_elsewhere(folder: Path, text: str, application: Path, threads: int) -> list[str]:
    environment = os.environ | {"PYTHONPATH": str(application)}
    environment |= {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    environment["PYTHONHASHSEED"] = str(threads)
    command = [sys.executable, "-c", ASK, str(folder), text]
    answer = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout.splitlines()


def test_a_text_has_one_confidence_in_every_process(corpus_models: Path, application: Path) -> None:
    folder = current(corpus_models) / "classifier"
    text = " ".join(row.text for row in ROWS[::40])
    expected = load(folder).best(text)[1].hex()
    assert ask_elsewhere(folder, text, application, threads=1)[0] == expected
    assert ask_elsewhere(folder, text, application, threads=4)[0] == expected


def test_serving_imports_neither_scikit_learn_nor_scipy(
    corpus_models: Path, application: Path
) -> None:
    imported = ask_elsewhere(
        current(corpus_models) / "classifier", "hello", application, threads=1
    )[1]
    assert "sklearn" not in imported
    assert "scipy" not in imported
