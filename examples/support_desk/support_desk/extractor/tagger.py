"""The implementation of `extractor`: a tagger of tokens, loaded once, never changed."""

from dataclasses import dataclass

import amoeba
from support_desk import folders
from support_desk.extractor import Entity, Extractor
from support_desk.trained.tagger.storage import load


@dataclass(frozen=True, slots=True)
class Settings:
    """`model` is a folder, relative to the application's; see `folders.resolved`."""

    model: str = "models/extractor"


class TaggerExtractor(Extractor):
    """Extracts with the model in a folder; raises `ModelError` where it cannot be loaded."""

    def __init__(self, settings: Settings) -> None:
        self._model = load(folders.resolved(settings.model))

    @amoeba.threaded
    def extract(self, text: str) -> tuple[Entity, ...]:
        """Find the entities of `text`."""
        return tuple(
            Entity(span.type, text[span.start : span.end], span.start, span.end)
            for span in self._model.spans(text)
        )
