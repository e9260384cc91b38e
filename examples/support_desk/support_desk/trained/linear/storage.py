"""A model on disk: two files in a folder, neither of which can run code when it is read.

::

    model.json            what the model is (`card`), and the digest that names the other file
    weights-<digest>.npz  word_idf, character_idf, weights, intercept (float64)
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import msgspec
import numpy as np

from support_desk.folders import damaged, read, replace, sha256
from support_desk.trained.linear import card as cards
from support_desk.trained.linear.features import character_grams, word_grams
from support_desk.trained.linear.model import Model, Part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from support_desk.trained.linear.card import Card, Grams, Metrics, Names, Origin, Parameters

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trained:
    """All that is learnt: what the numbers stand for, and the numbers."""

    parameters: Parameters
    names: Names
    word_idf: Floats
    character_idf: Floats
    weights: Floats
    intercept: Floats

    def model(self) -> Model:
        """Make the model that answers."""
        names, parameters = self.names, self.parameters
        words = Part(
            grams=_cutter(word_grams, parameters.words),
            index={gram: row for row, gram in enumerate(names.words)},
            idf=self.word_idf,
            first=0,
        )
        characters = Part(
            grams=_cutter(character_grams, parameters.characters),
            index={gram: row for row, gram in enumerate(names.characters)},
            idf=self.character_idf,
            first=len(names.words),
        )
        return Model(names.labels, (words, characters), self.weights, self.intercept)

    def arrays(self) -> dict[str, Floats]:
        """Give the numbers by name."""
        return {name: getattr(self, name) for name in ARRAYS}


ARRAYS = ("word_idf", "character_idf", "weights", "intercept")


def load(folder: Path) -> Model:
    """Load the model in `folder`; raises `ModelError`."""
    card = cards.read_card(folder)
    path = folder / card.weights_file
    content = read(path, cards.WHOSE)
    if sha256(content) != card.weights_sha256:
        raise damaged(cards.WHOSE, path, "its digest is not the one in model.json")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in ARRAYS}
    except (ValueError, KeyError, BadZipFile) as error:
        raise damaged(cards.WHOSE, path, str(error)) from error
    if {name: array.shape for name, array in arrays.items()} != _shapes(card.names):
        raise damaged(cards.WHOSE, path, "its numbers do not fit the names in model.json")
    return Trained(card.parameters, card.names, **arrays).model()


def save(folder: Path, trained: Trained, origin: Origin, metrics: Metrics) -> Card:
    """Put the model into `folder`; raises `OSError`."""
    content = _npz(trained.arrays())
    card = cards.Card(
        format=cards.FORMAT,
        metrics=metrics,
        parameters=trained.parameters,
        weights_sha256=sha256(content),
        names_sha256=trained.names.sha256(),
        origin=origin,
        names=trained.names,
    )
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / card.weights_file, content)
    replace(folder / cards.FILE, msgspec.json.format(msgspec.json.encode(card), indent=1))
    return card


def _cutter(cut: Callable[[str, int, int], list[str]], which: Grams) -> Callable[[str], list[str]]:
    return lambda text: cut(text, which.shortest, which.longest)


def _shapes(names: Names) -> dict[str, tuple[int, ...]]:
    words, characters, labels = len(names.words), len(names.characters), len(names.labels)
    return {
        "word_idf": (words,),
        "character_idf": (characters,),
        "weights": (words + characters, labels),
        "intercept": (labels,),
    }


def _npz(arrays: dict[str, Floats]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
