"""What `model.json` says of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support_desk.folders import damaged, read, sha256, unusable

if TYPE_CHECKING:
    from pathlib import Path

WHOSE = "the classifier's model"
FORMAT = 1
FILE = "model.json"


class Grams(msgspec.Struct, frozen=True):
    """Which n-grams count: those of these sizes that at least `fewest_messages` contain."""

    shortest: int
    longest: int
    fewest_messages: int


class Parameters(msgspec.Struct, frozen=True):
    """What training may vary. These were chosen by cross-validation on both data sets."""

    words: Grams = Grams(1, 2, fewest_messages=1)
    characters: Grams = Grams(2, 5, fewest_messages=2)
    inverse_regularization: float = 10.0


class Origin(msgspec.Struct, frozen=True):
    """What the model was trained on; `held_out` are the rows of the data that it never saw."""

    data: str
    sha256: str
    seed: int
    held_out: tuple[int, ...]


class Metrics(msgspec.Struct, frozen=True):
    """How the model does on the messages held out; `accuracy` is between 0 and 1."""

    accuracy: float
    held_out: int
    trained_on: int


class Names(msgspec.Struct, frozen=True):
    """What the numbers stand for: a label per column of the weights, an n-gram per row."""

    labels: tuple[str, ...]
    words: tuple[str, ...]
    characters: tuple[str, ...]

    def sha256(self) -> str:
        """Digest all names, in their order."""
        return sha256(msgspec.json.encode(self))


class Card(msgspec.Struct, frozen=True):
    """The contents of `model.json`."""

    format: int
    metrics: Metrics
    parameters: Parameters
    weights_sha256: str
    names_sha256: str
    origin: Origin
    names: Names

    @property
    def weights_file(self) -> str:
        """The file beside `model.json` that holds the numbers."""
        return f"weights-{self.weights_sha256[:16]}.npz"


class _Version(msgspec.Struct, frozen=True):
    format: int


def read_card(folder: Path) -> Card:
    """Read and verify `model.json` in `folder`; raises `ModelError`."""
    path = folder / FILE
    content = read(path, WHOSE)
    try:
        version = msgspec.json.decode(content, type=_Version).format
        if version != FORMAT:
            raise unusable(WHOSE, f"has format {version}", path, f"format {FORMAT}")
        card = msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(WHOSE, path, str(error)) from error
    if card.names.sha256() != card.names_sha256:
        raise damaged(WHOSE, path, "the names in it do not match their digest")
    return card
