"""The implementation of `summarizer`: ranks the sentences of a conversation, gives the best.

::

    turns -> statements -> without courtesies -> similarities -> saliences -> the best, one by one

What is chosen must differ from what was chosen before: maximal marginal relevance (Carbonell and
Goldstein, 1998). No part of it draws a random number or depends on the order of a set.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from support_desk.summarizer import Summarizer, Turn
from support_desk.summarizer.centrality import Floats, similarities
from support_desk.summarizer.courtesy import is_courtesy, is_signature
from support_desk.summarizer.salience import saliences
from support_desk.summarizer.statements import Statement, statements

MOST_SENTENCES = 20
REDUNDANCY = 0.4
SAME = 0.8
"""Statements more alike than this say the same; the second of them is never chosen."""

_DIGITS = 9
"""Saliences that differ less are equal, so that no machine's last bit decides."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How long a summary may become; raises `ValueError` outside 1 to `MOST_SENTENCES`."""

    sentences: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.sentences <= MOST_SENTENCES:
            raise ValueError(
                f"sentences is {self.sentences}, expected a number from 1 to {MOST_SENTENCES}"
            )


class RankingSummarizer(Summarizer):
    """Ranks statements by what they share with the others, their place and what they show."""

    def __init__(self, settings: Settings) -> None:
        self._sentences = settings.sentences

    async def summarize(self, conversation: tuple[Turn, ...]) -> AsyncIterator[str]:
        """Give the chosen sentences one by one, in the order of the conversation.

        Ranking takes a millisecond, of a long conversation a dozen: a thread does it, not the loop.
        """
        for sentence in await asyncio.to_thread(chosen, conversation, self._sentences):
            yield sentence


def chosen(conversation: Sequence[Turn], most: int) -> list[str]:
    """Give the `most` sentences that matter most, or fewer, in the order of the conversation."""
    candidates = _worth_saying(statements(conversation))
    similarity = similarities([one.terms for one in candidates])
    picked = _picked(saliences(candidates, similarity), similarity, most)
    return [candidates[i].text for i in sorted(picked)]


def _worth_saying(said: list[Statement]) -> list[Statement]:
    """Leave the courtesies out; of a conversation that has nothing else, keep the first."""
    kept: list[Statement] = []
    courtesy: Statement | None = None
    for one in said:
        signs = courtesy is not None and courtesy.turn == one.turn and is_signature(one.text)
        if signs or is_courtesy(one.text):
            courtesy = one
        else:
            courtesy = None
            kept.append(one)
    return kept or said[:1]


def _picked(worth: Sequence[float], similarity: Floats, most: int) -> list[int]:
    picked: list[int] = []
    left = list(range(len(worth)))
    likeness = [0.0] * len(worth)  # to the picked one that is most alike
    while left and len(picked) < most:
        best = max(left, key=lambda i: (round(worth[i] - REDUNDANCY * likeness[i], _DIGITS), -i))
        picked.append(best)
        likeness = [max(pair) for pair in zip(likeness, similarity[best].tolist(), strict=True)]
        left = [i for i in left if likeness[i] < SAME]
    return picked
