"""A tagger on disk: two files in a folder, neither of which can run code when it is read.

::

    model.json                what the model is (`card`), and the digest that names the other file
    tagger-<digest>.crfsuite  the weights, as crfsuite writes them

crfsuite follows offsets in its file without checking where they lead, so it never gets to see a
byte before the digest of all of them is found right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support_desk.folders import damaged, read, replace, sha256
from support_desk.trained.tagger import card as cards
from support_desk.trained.tagger.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from support_desk.trained.tagger.card import Card, Origin, Parameters


def load(folder: Path) -> Model:
    """Load the model in `folder`; raises `ModelError`."""
    card = cards.read_card(folder)
    path = folder / card.crf_file
    content = read(path, cards.WHOSE)
    if sha256(content) != card.crf_sha256:
        raise damaged(cards.WHOSE, path, "its digest is not the one in model.json")
    try:
        return Model(content, frozenset(card.vocabulary))
    except ValueError as error:
        raise damaged(cards.WHOSE, path, str(error)) from error


def save(
    folder: Path, crf: bytes, vocabulary: tuple[str, ...], parameters: Parameters, origin: Origin
) -> Card:
    """Put a model into `folder`; raises `OSError`."""
    card = cards.Card(
        format=cards.FORMAT,
        parameters=parameters,
        origin=origin,
        crf_sha256=sha256(crf),
        vocabulary_sha256=cards.vocabulary_sha256(vocabulary),
        vocabulary=vocabulary,
    )
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / card.crf_file, crf)
    replace(folder / cards.FILE, msgspec.json.format(msgspec.json.encode(card), indent=1))
    return card
