"""The implementation of `classifier`: a linear model over n-grams, loaded once, never changed."""

from dataclasses import dataclass

import amoeba
from support_desk import folders
from support_desk.classifier import Classifier, Intent
from support_desk.trained.linear.storage import load


@dataclass(frozen=True, slots=True)
class Settings:
    """`model` is a folder, relative to the application's; see `folders.resolved`."""

    model: str = "models/classifier"


class LinearClassifier(Classifier):
    """Classifies with the model in a folder; raises `ModelError` where it cannot be loaded."""

    def __init__(self, settings: Settings) -> None:
        self._model = load(folders.resolved(settings.model))

    @amoeba.threaded
    def classify(self, text: str) -> Intent:
        """Name the likeliest intent of `text`."""
        name, confidence = self._model.best(text)
        return Intent(name, confidence)
