"""Which rows a model may learn from, and which are kept to measure it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_desk.training.data import Row

SHARE_HELD_OUT = 0.2


def held_out(rows: Sequence[Row], seed: int) -> list[int]:
    """Choose a fifth of each intent's messages by `seed`; gives their row numbers, ascending.

    A text is chosen by its own digest: neither the order of the rows nor the versions of Python and
    NumPy matter, and equal texts stay together. A text with two intents is never held out, since
    one of its rows would be learnt from.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        places[_normal(row.text)].append(number)
    texts: dict[str, list[str]] = defaultdict(list)
    for text, numbers in places.items():
        intents = {rows[number].intent for number in numbers}
        if len(intents) == 1:
            texts[intents.pop()].append(text)
    chosen: list[int] = []
    for candidates in texts.values():
        candidates.sort(key=lambda text: _lot(text, seed))
        for text in candidates[: round(len(candidates) * SHARE_HELD_OUT)]:
            chosen += places[text]
    return sorted(chosen)


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _lot(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{text}".encode()).digest()
