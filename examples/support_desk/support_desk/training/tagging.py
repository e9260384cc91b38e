"""Fits the extractor with crfsuite, and measures it."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pycrfsuite  # type: ignore[import-untyped]  # ships no types

from support_desk.trained.tagger.features import features, normal
from support_desk.trained.tagger.model import Model
from support_desk.trained.tagger.spans import labelled
from support_desk.trained.tagger.tokens import tokens
from support_desk.training.scores import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from support_desk.trained.tagger.card import Parameters
    from support_desk.training.data import Marked
    from support_desk.training.scores import Scores


class _Trainer(pycrfsuite.Trainer):  # type: ignore[misc]  # ships no types
    """Asks after each iteration whether to go on: crfsuite lets no other thread run within one."""

    check: Callable[[], None]

    def message(self, _: str) -> None:
        self.check()


def vocabulary(texts: Iterable[str], fewest: int) -> tuple[str, ...]:
    """Give the words that at least `fewest` of the texts contain, in order."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({normal(token.text) for token in tokens(text)})
    return tuple(sorted(word for word, count in counts.items() if count >= fewest))


def fit(
    messages: Iterable[Marked],
    words: Sequence[str],
    parameters: Parameters,
    check: Callable[[], None] = lambda: None,
) -> bytes:
    """Fit a tagger and give what crfsuite writes; what `check` raises ends it early."""
    trainer = _Trainer("lbfgs")
    trainer.check = check
    trainer.set_params(
        {
            "c1": 0.0,
            "c2": parameters.l2,
            "max_iterations": parameters.most_iterations,
            "feature.possible_transitions": True,  # one never seen can be learnt to be wrong
        }
    )
    known = frozenset(words)
    for message in messages:
        found = tokens(message.text)
        if found:
            trainer.append(features(found, known), labelled(found, message.spans))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tagger.crfsuite")
        trainer.train(str(path))
        return path.read_bytes()


def measured(model: Model, messages: Iterable[Marked]) -> Scores:
    """Measure a model on messages that it was not trained on."""
    tally = Tally()
    for message in messages:
        tally.add(model.spans(message.text), message.spans)
    return tally.scores()


def cross_validated(
    folds: Sequence[Sequence[Marked]],
    plain: Sequence[str],
    parameters: Parameters,
    next_fold: Callable[[int], None],
    check: Callable[[], None] = lambda: None,
) -> Scores:
    """Measure on each fold a model that was trained on all other texts.

    So a text that is in several folds is not learnt from where it is measured on.
    """
    tally = Tally()
    for number, unseen in enumerate(folds):
        next_fold(number)
        texts = {_folded(message.text) for message in unseen}
        known = [
            message for fold in folds for message in fold if _folded(message.text) not in texts
        ]
        words = vocabulary(
            [*(message.text for message in known), *plain], parameters.fewest_messages
        )
        model = Model(fit(known, words, parameters, check), frozenset(words))
        for message in unseen:
            tally.add(model.spans(message.text), message.spans)
    return tally.scores()


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
