"""The n-grams of a message, exactly as scikit-learn's vectorizers cut them.

Serving needs them without scikit-learn, which takes a second to import; a test holds the two
together. `longest` is included.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"\w+")


def word_grams(text: str, shortest: int, longest: int) -> list[str]:
    """Runs of words, in lower case: the analyzer `word`."""
    words = _WORD.findall(text.lower())
    grams: list[str] = []
    for size in range(shortest, longest + 1):
        grams += [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]
    return grams


def character_grams(text: str, shortest: int, longest: int) -> list[str]:
    """Runs of characters within each word, a space on either side of it: the analyzer `char_wb`."""
    grams: list[str] = []
    for word in text.lower().split():
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            if size >= len(padded):  # a word as short as this counts once, whatever the size
                grams.append(padded)
                break
            grams += [padded[i : i + size] for i in range(len(padded) - size + 1)]
    return grams
