"""Spans of a text, and the labels of tokens that say the same.

Of each entity the first token is `B-<type>`, the others `I-<type>`; all other tokens are `O`::

    transfer  £         700       to  Ann
    O         B-amount  I-amount  O   B-person
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from support_desk.extractor import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support_desk.trained.tagger.tokens import Token

OUTSIDE = "O"


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where something is named: its first character and the one after its last."""

    type: EntityType
    start: int
    end: int


def labelled(tokens: Sequence[Token], spans: Iterable[Span]) -> list[str]:
    """Give each token's label; a token that is only partly in a span is outside of it."""
    labels = [OUTSIDE] * len(tokens)
    for span in spans:
        first = True
        for place, token in enumerate(tokens):
            if span.start <= token.start and token.end <= span.end:
                labels[place] = f"{'B' if first else 'I'}-{span.type}"
                first = False
    return labels


def spans(tokens: Sequence[Token], labels: Iterable[str]) -> tuple[Span, ...]:
    """Give the spans that labels tell of: apart, in order; any labels give some spans."""
    found: list[Span] = []
    before = OUTSIDE
    for token, label in zip(tokens, labels, strict=True):
        place, _, kind = label.partition("-")
        if place == "I" and before.endswith(f"-{kind}"):
            found[-1] = Span(found[-1].type, found[-1].start, token.end)
        elif place != OUTSIDE:
            found.append(Span(EntityType(kind), token.start, token.end))
        before = label
    return tuple(found)
