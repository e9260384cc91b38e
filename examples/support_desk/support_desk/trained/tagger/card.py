"""What `model.json` says of a tagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support_desk.folders import damaged, read, sha256, unusable

if TYPE_CHECKING:
    from pathlib import Path

WHOSE = "the extractor's model"
FORMAT = 1
FILE = "model.json"


class Parameters(msgspec.Struct, frozen=True):
    """What training may vary. These were chosen by cross-validation on half of NLU++."""

    l2: float = 1.0
    most_iterations: int = 60
    fewest_messages: int = 2  # that contain a word of the vocabulary


class Origin(msgspec.Struct, frozen=True):
    """What the model was trained on."""

    data: str
    sha256: str
    seed: int
    trained_on: int


class Card(msgspec.Struct, frozen=True):
    """The contents of `model.json`; a word outside `vocabulary` may be a name."""

    format: int
    parameters: Parameters
    origin: Origin
    crf_sha256: str
    vocabulary_sha256: str
    vocabulary: tuple[str, ...]

    @property
    def crf_file(self) -> str:
        """The file beside `model.json` that crfsuite wrote."""
        return f"tagger-{self.crf_sha256[:16]}.crfsuite"


class _Version(msgspec.Struct, frozen=True):
    format: int


def vocabulary_sha256(words: tuple[str, ...]) -> str:
    """Digest the words, in their order."""
    return sha256(msgspec.json.encode(words))


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
    if vocabulary_sha256(card.vocabulary) != card.vocabulary_sha256:
        raise damaged(WHOSE, path, "the words in it do not match their digest")
    return card
