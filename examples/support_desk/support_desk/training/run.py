"""One run of training: from data to a version of the models.

::

    sources -> classifier: fit, measure -> extractor: cross-validate, fit -> draft -> publish
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from support_desk.folders import replace
from support_desk.trained.linear import card as classifier_cards
from support_desk.trained.linear import storage as classifier_storage
from support_desk.trained.tagger import card as extractor_cards
from support_desk.trained.tagger import storage as extractor_storage
from support_desk.trained.tagger.model import Model as Tagger
from support_desk.training import report as reports
from support_desk.training import tagging, versions
from support_desk.training.control import Control
from support_desk.training.report import ClassifierReport, ExtractorReport, Report
from support_desk.training.split import held_out

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support_desk.trained.linear.model import Model
    from support_desk.training.data import Row
    from support_desk.training.scores import Scores
    from support_desk.training.sources import Sources

STEPS = 4
"""Beside measuring the extractor, which is a step for each fold, or one."""


def train(
    sources: Sources, models: Path, control: Control | None = None, at: datetime | None = None
) -> Report:
    """Train on `sources`, measure, and publish in the folder `models`.

    Raises `OSError` where the folder cannot be written and `Stopped` when stopped; then the version
    that was current still is. Raises `ModuleNotFoundError` where scikit-learn is not installed.
    """
    control = control or Control()
    at = at or datetime.now(UTC)
    control.begin(STEPS + (len(sources.folds) or 1))
    with versions.drafted(models) as draft:
        classifier = _classifier(sources, draft / "classifier", control)
        extractor = _extractor(sources, draft / "extractor", control)
        control.next("publishing the models")
        report = Report(
            format=reports.FORMAT,
            version=versions.named(models, at, sources.digest),
            trained_at=at,
            seed=sources.seed,
            data=sources.files,
            classifier=classifier,
            extractor=extractor,
        )
        replace(draft / reports.FILE, report.encoded())
        with control.publishing():
            versions.publish(models, draft, report.version)
    return report


def accuracy(model: Model, rows: Sequence[Row]) -> float:
    """Give the share of `rows` whose intent the model names."""
    return sum(model.best(row.text)[0] == row.intent for row in rows) / len(rows)


def _classifier(sources: Sources, folder: Path, control: Control) -> ClassifierReport:
    """Train on the rows that the seed does not hold out, measure on the others."""
    data, parameters = sources.messages, classifier_cards.Parameters()
    apart = held_out(data.rows, sources.seed)
    unseen = set(apart)
    known = [row for number, row in enumerate(data.rows) if number not in unseen]
    control.next(f"training the classifier on {len(known)} messages of {data.name}")
    from support_desk.training.fit import fit, trained  # scikit-learn takes a second to import

    result = trained(fit(known, parameters), parameters)
    control.next(f"measuring the classifier on the {len(apart)} messages held out")
    metrics = classifier_cards.Metrics(
        accuracy=accuracy(result.model(), [data.rows[number] for number in apart]),
        held_out=len(apart),
        trained_on=len(known),
    )
    origin = classifier_cards.Origin(data.name, data.sha256, sources.seed, tuple(apart))
    classifier_storage.save(folder, result, origin, metrics)
    return ClassifierReport(
        accuracy=metrics.accuracy,
        held_out=metrics.held_out,
        trained_on=metrics.trained_on,
        intents=len(result.names.labels),
        parameters=parameters,
    )


def _extractor(sources: Sources, folder: Path, control: Control) -> ExtractorReport:
    parameters = extractor_cards.Parameters()
    marked, name = sources.marked, sources.marked_name
    scores = _cross_validated(sources, parameters, control) if sources.folds else None
    control.next(f"training the extractor on {len(marked)} messages of {name}")
    texts = [*(message.text for message in marked), *sources.plain]
    words = tagging.vocabulary(texts, parameters.fewest_messages)
    crf = tagging.fit(marked, words, parameters, control.check)
    unseen = marked if sources.folds else sources.unseen
    if scores is None:
        control.next(f"measuring the extractor on the {len(unseen)} messages held out")
        scores = tagging.measured(Tagger(crf, frozenset(words)), unseen)
    origin = extractor_cards.Origin(name, sources.digest, sources.seed, len(marked))
    extractor_storage.save(folder, crf, words, parameters, origin)
    return ExtractorReport(
        scores=scores,
        folds=len(sources.folds),
        measured_on=len(unseen),
        trained_on=len(marked),
        parameters=parameters,
    )


def _cross_validated(
    sources: Sources, parameters: extractor_cards.Parameters, control: Control
) -> Scores:
    def next_fold(number: int) -> None:
        of = f"fold {number + 1} of {len(sources.folds)} of {sources.marked_name}"
        control.next(f"measuring the extractor on {of}")

    return tagging.cross_validated(
        sources.folds, sources.plain, parameters, next_fold, control.check
    )
