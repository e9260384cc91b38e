"""The words of a sentence that carry its meaning, cut to their stems.

For English. Another language has no stop words and no stems here, and loses little: its frequent
words are frequent within the conversation too and so weigh less. Scripts without spaces between
words are cut into pairs of characters.
"""

from __future__ import annotations

import re


def word_set(text: str) -> frozenset[str]:
    """Give the words of a list that is written as one text."""
    return frozenset(text.split())


_COMBINING = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0eff"
"""Marks above and below letters, which Python does not count as parts of a word."""

WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_COMBINING}]|['\u2019](?=[^\W_]))*+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]{2,}")

_STOP_WORDS = word_set(
    """a about after again all also am an and any anyone anything are aren't as at be because been
    before being both but by can can't cant could couldn't did didn't didnt do does doesn't doesnt
    doing don't dont down during each either else even ever every few for from further get gets got
    had hadn't has hasn't have haven't havent having he he's her here hers him his how however i i'd
    i'll i'm i've if im in into is isn't it it'd it'll it's its ive just know let like made make
    many may me might more most much must my myself no nor not now of off on once one only or other
    our ours out over own quite rather really same say says see she she's should shouldn't since so
    some somebody someone something still such than that that's thats the their theirs them then
    there there's these they they'll they're they've thing things this those though through till to
    too under until up upon us very want was wasn't way we we'd we'll we're we've well were weren't
    what what's when where whether which while who whom whose why will with within without won't
    would wouldn't yes yet you you'd you'll you're you've your yours yourself
    dear hello hey hi please thank thanks thx sorry regards cheers"""
)

_SUFFIXES = ("ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 3


def words(sentence: str) -> list[str]:
    """Give every word of `sentence` in order, in lower case."""
    return [word.replace("\u2019", "'") for word in WORD.findall(sentence.casefold())]


def means_something(word: str) -> bool:
    """Tell whether `word`, in lower case, is more than a stop word."""
    return word not in _STOP_WORDS


def terms(sentence_words: list[str]) -> list[str]:
    """Give the stems of the words that are no stop words; where there are none, all words."""
    meant = [word for word in sentence_words if means_something(word)]
    found: list[str] = []
    for word in meant or sentence_words:
        if _UNSPACED.search(word):
            found += [word[i : i + 2] for i in range(len(word) - 1)]
        else:
            found.append(stem(word))
    return found


def stem(word: str) -> str:
    """Cut the endings by which `charge`, `charges`, `charged` and `charging` differ."""
    word = word.removesuffix("'s")
    if not (word.isascii() and word.isalpha()):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            word = word.removesuffix(suffix)
            break
    if word.endswith("i") or (word.endswith("y") and len(word) > _SHORTEST_STEM):
        return word[:-1]
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word
