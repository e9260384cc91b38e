"""The contract of `summarizer`: what a conversation is about, in its own words.

Extractive: each sentence of a summary stands in the conversation, so nothing is made up. An
implementation answers alike for the same conversation in every process and on every call.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Author", "Summarizer", "Turn"]


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    author: Author
    text: str


class Summarizer(Protocol):
    """Shortens a conversation to the sentences that matter most."""

    def summarize(self, conversation: tuple[Turn, ...]) -> AsyncIterator[str]:
        """Give the chosen sentences one by one, in the order of the conversation.

        A conversation without words gives none; any other gives at least one.
        """
        ...
