"""Sentences that are there for good manners: greetings, thanks, apologies, sign-offs.

A sentence is courtesy when one of its clauses is a polite phrase and the others say next to
nothing: "Hi, it's me again." is, "Thanks, but my card is still blocked." is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support_desk.summarizer.words import means_something, word_set, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    Phrases = frozenset[tuple[str, ...]]

_CLAUSE = re.compile(r"[,;:!\u2013\u2014]|\s-\s|\b(?:and|but)\b", re.IGNORECASE)
_LEAD_IN = word_set("ok okay oh well hmm so and with very many most ah right once please")

_SIGN_OFF = word_set("regards wishes sincerely faithfully truly thanks cheers yours best grüßen")

_LONGEST = 150
_LONGEST_PHRASE = 4
_WORDS_OF_A_NAME = 3
_WORDS_OF_A_SCRAP = 3


def _phrases(text: str) -> Phrases:
    return frozenset(tuple(phrase.split()) for phrase in text.split("|"))


_GREETINGS = _phrases(
    """hi | hello | hey | hiya | dear | greetings | welcome | good morning | good afternoon
    | good evening | good day | thanks | thank you | thx | cheers | ta | regards | kind regards
    | kindest regards | best regards | warm regards | warmest regards | best wishes | best
    | all the best | sincerely | yours sincerely | yours faithfully | yours truly | yours | bye
    | goodbye | see you | take care | take your time | have a | you're welcome | you are welcome
    | my name is | my pleasure | no problem | no worries | sorry | apologies | one moment
    | that's all | that is all | guten tag | guten morgen | vielen dank | danke
    | mit freundlichen grüßen | buenos días | buenas tardes | hola | gracias | muchas gracias
    | saludos | bonjour | merci | cordialement"""
)
"""A clause that begins so is polite when it adds no more than a name to it."""

_FORMULAS = _phrases(
    """thanks for | thanks in advance | thank you for | thank you so | thank you very
    | i hope you are | i hope you're | i hope you had | i hope you have | i hope all | i hope this
    | hope you are | hope you're | hope you had | hope all | hope this | how are you
    | how can i help | how may i help | how can we help | what can i do
    | sorry to hear | sorry for | sorry about | i'm sorry for | i'm sorry to | i'm sorry about
    | i am sorry for | i am sorry to | i am very sorry | i'm very sorry | i'm so sorry
    | we're sorry | we are sorry | apologies for | we apologise | i apologise
    | i understand your | anything else | is there anything else | if there is anything
    | if you have any | let me know if | let us know if | feel free
    | do not hesitate | don't hesitate
    | let me check | let me take a | let me have a | you're through to | you are through to
    | you're chatting with | you are chatting with | welcome to | good luck | glad to
    | glad you | congratulations | have a great | have a nice | have a good | have a lovely"""
)
"""A clause that begins so is polite whatever follows."""


def is_courtesy(sentence: str) -> bool:
    """Tell whether `sentence` only keeps up good manners."""
    if len(sentence) > _LONGEST:
        return False
    written = _CLAUSE.split(sentence)
    clauses = [_without_lead_in(words(clause)) for clause in written]
    polite = [_is_polite(clause) for clause in clauses]
    if len(clauses) > 1 and _SIGN_OFF.intersection(clauses[-2]) and is_signature(written[-1]):
        polite[-1] = True
    return any(polite) and all(
        is_polite or _is_scrap(clause) for clause, is_polite in zip(clauses, polite, strict=True)
    )


def is_signature(sentence: str) -> bool:
    """Tell whether `sentence` may be a name that stands below a polite phrase."""
    parts = sentence.split()
    shouted = sentence.isupper() and len(sentence) > 1
    return 0 < len(parts) <= _WORDS_OF_A_NAME and not shouted and all(p[0].isupper() for p in parts)


def _without_lead_in(clause: list[str]) -> list[str]:
    while len(clause) > 1 and clause[0] in _LEAD_IN:
        clause = clause[1:]
    return clause


def _is_polite(clause: Sequence[str]) -> bool:
    starts = [tuple(clause[:length]) for length in range(1, _LONGEST_PHRASE + 1)]
    if any(start in _FORMULAS for start in starts):
        return True
    greeting = max((len(start) for start in starts if start in _GREETINGS), default=0)
    return greeting > 0 and len(clause) - greeting <= _WORDS_OF_A_NAME


def _is_scrap(clause: Sequence[str]) -> bool:
    said = sum(means_something(word) for word in clause)
    return len(clause) <= _WORDS_OF_A_SCRAP and said <= 1
