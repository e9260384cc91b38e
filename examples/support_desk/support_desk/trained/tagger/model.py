"""The model itself: a linear-chain conditional random field over the tokens of a message.

::

    text -> tokens -> features -> the likeliest labels (Viterbi) -> spans
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import pycrfsuite  # type: ignore[import-untyped]  # ships no types

from support_desk.trained.tagger.features import features
from support_desk.trained.tagger.spans import Span, spans
from support_desk.trained.tagger.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class Model:
    """A trained tagger. The same text has the same spans, whichever thread asks."""

    def __init__(self, crf: bytes, vocabulary: AbstractSet[str]) -> None:
        """Open what crfsuite wrote; raises `ValueError`. Only trusted bytes: it checks few."""
        self._vocabulary = vocabulary
        self._crf = crf  # crfsuite reads these very bytes as long as it serves
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(crf)
        self._one_text = Lock()  # the tagger keeps the text that it is asked for

    def spans(self, text: str) -> tuple[Span, ...]:
        """Find the entities of `text`."""
        encodable = text.encode("utf-8", "replace").decode("utf-8")  # as long as before
        found = tokens(encodable)
        if not found:
            return ()
        seen = features(found, self._vocabulary)
        with self._one_text:
            labels = self._tagger.tag(seen)
        return spans(found, labels)
