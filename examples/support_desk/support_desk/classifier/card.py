"""What `model.json` says of a model, and the words for a model that cannot be read."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from support_desk.errors import ModelError, Problem

if TYPE_CHECKING:
    from pathlib import Path

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


def sha256(*contents: bytes) -> str:
    """Give the SHA-256 of the contents, one after the other, in hexadecimal."""
    return hashlib.sha256(b"".join(contents)).hexdigest()


def read_card(folder: Path) -> Card:
    """Read and verify `model.json` in `folder`; raises `ModelError`."""
    path = folder / FILE
    content = read(path)
    try:
        version = msgspec.json.decode(content, type=_Version).format
        if version != FORMAT:
            raise unusable(f"has format {version}", path, f"format {FORMAT}")
        card = msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, str(error)) from error
    if card.names.sha256() != card.names_sha256:
        raise damaged(path, "the names in it do not match their digest")
    return card


def read(path: Path) -> bytes:
    """Read a file of a model; raises `ModelError`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise unusable("is missing", path, "a file written by training") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise unusable(f"cannot be read: {reason}", path, "a readable file") from error


def damaged(path: Path, reason: str) -> ModelError:
    """Make the error for a file whose contents are not what training wrote."""
    return unusable(f"is damaged: {reason}", path, "the file as training wrote it")


def unusable(what: str, path: Path, expected: str) -> ModelError:
    """Make the error for a file that is no good; `what` goes on from "the model"."""
    return ModelError(Problem(f"the classifier's model {what}", str(path), expected))
