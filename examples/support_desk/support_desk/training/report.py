"""`report.json`, beside the models of a version: the data they learnt from, how well they do."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from support_desk.folders import damaged, read

# `Report` is decoded too, so its types are needed when it is made, not only when it is checked.
from support_desk.trained.linear.card import Parameters as ClassifierParameters
from support_desk.trained.tagger.card import Parameters as ExtractorParameters
from support_desk.training.data import DataFile
from support_desk.training.scores import Scores

if TYPE_CHECKING:
    from pathlib import Path

FILE = "report.json"
FORMAT = 1


class ClassifierReport(msgspec.Struct, frozen=True):
    """`accuracy` is the share of the messages held out whose intent is named right."""

    accuracy: float
    held_out: int
    trained_on: int
    intents: int
    parameters: ClassifierParameters


class ExtractorReport(msgspec.Struct, frozen=True):
    """`folds` is 0 where the scores are those on messages held out."""

    scores: Scores
    folds: int
    measured_on: int
    trained_on: int
    parameters: ExtractorParameters


class Report(msgspec.Struct, frozen=True):
    """The contents of `report.json`."""

    format: int
    version: str
    trained_at: datetime
    seed: int
    data: tuple[DataFile, ...]
    classifier: ClassifierReport
    extractor: ExtractorReport

    def metrics(self) -> dict[str, float]:
        """Give what was measured, by name, each between 0 and 1."""
        overall, types = self.extractor.scores.overall, self.extractor.scores.types
        return {
            "classifier_accuracy": self.classifier.accuracy,
            "extractor_precision": overall.precision,
            "extractor_recall": overall.recall,
            "extractor_f1": overall.f1,
            **{f"extractor_f1_{kind}": score.f1 for kind, score in types.items()},
        }

    def encoded(self) -> bytes:
        """Give the bytes of the file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def read_report(version: Path) -> Report:
    """Read the report of a version's folder; raises `ModelError`."""
    path = version / FILE
    try:
        return msgspec.json.decode(read(path, "the report"), type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged("the report", path, str(error)) from error


def summary(report: Report, folder: Path) -> str:
    """Word a report for a person: a line for each model, and a table."""
    classifier, extractor = report.classifier, report.extractor
    overall = extractor.scores.overall
    how = f"cross-validated over {extractor.folds} folds" if extractor.folds else "held out"
    lines = [
        f"classifier: accuracy {classifier.accuracy:.4f} on {classifier.held_out} messages held "
        f"out, {classifier.trained_on} trained on, {classifier.intents} intents",
        f"extractor: F1 {overall.f1:.4f} on {extractor.measured_on} messages {how}, "
        f"{extractor.trained_on} trained on",
        "  type     precision  recall      F1  entities",
    ]
    rows = [*((str(kind), score) for kind, score in extractor.scores.types.items())]
    lines += [
        f"  {name:<8}    {score.precision:.4f}  {score.recall:.4f}  {score.f1:.4f}  "
        f"{score.support:>8}"
        for name, score in [*rows, ("all", overall)]
    ]
    return "\n".join([*lines, f"models: {folder / report.version}"])
