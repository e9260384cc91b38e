"""The contract of `classifier`: what a message is about.

An implementation answers alike for the same text in every process and on every call, and knows
only the intents it was trained on: a low confidence is its only way to say "none of these".
"""

from dataclasses import dataclass
from typing import Protocol

import amoeba

__all__ = ["Classifier", "Intent"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a message asks for, and how sure the model is: between 0 and 1."""

    name: str
    confidence: float


class Classifier(Protocol):
    """Names the intent of a customer's message."""

    @amoeba.idempotent
    async def classify(self, text: str) -> Intent:
        """Name the likeliest intent of `text`, which may be empty or in any language."""
        ...
