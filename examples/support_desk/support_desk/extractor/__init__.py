"""The contract of `extractor`: which things a message names, and where.

An implementation answers alike for the same text in every process and on every call. The spans of
one text do not overlap and come in the order of the text.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import amoeba

__all__ = ["Entity", "EntityType", "Extractor"]


class EntityType(StrEnum):
    """What kind of thing is named."""

    AMOUNT = "amount"  # of money
    DATE = "date"  # a day, a month, a year, or words for them
    TIME = "time"  # of day
    PERSON = "person"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing that a message names: `text` is its `[start:end]`, counted in code points."""

    type: EntityType
    text: str
    start: int
    end: int


class Extractor(Protocol):
    """Finds the entities in a customer's message."""

    @amoeba.idempotent
    async def extract(self, text: str) -> tuple[Entity, ...]:
        """Find the entities of `text`, which may be empty or in any language."""
        ...
