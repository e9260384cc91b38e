"""One run of training: from a data set to a folder with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_desk.classifier.card import Card, Metrics, Origin, Parameters
from support_desk.classifier.storage import save
from support_desk.training.split import held_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from support_desk.classifier.model import Model
    from support_desk.training.data import Dataset, Row


def train(
    data: Dataset,
    folder: Path,
    *,
    seed: int = 0,
    parameters: Parameters | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Card:
    """Train on the rows that `seed` does not hold out, measure on the others, save into `folder`.

    Raises `OSError` where the folder cannot be written; a model that was there is still there.
    Raises `ModuleNotFoundError` where scikit-learn is not installed.
    """
    from support_desk.training.fit import fit, trained  # scikit-learn takes a second to import

    parameters = parameters or Parameters()
    apart = held_out(data.rows, seed)
    unseen = set(apart)
    known = [row for number, row in enumerate(data.rows) if number not in unseen]
    progress(f"training on {len(known)} messages of {data.name}")
    result = trained(fit(known, parameters), parameters)
    progress(f"measuring on the {len(apart)} messages held out")
    metrics = Metrics(
        accuracy=accuracy(result.model(), [data.rows[number] for number in apart]),
        held_out=len(apart),
        trained_on=len(known),
    )
    origin = Origin(data=data.name, sha256=data.sha256, seed=seed, held_out=tuple(apart))
    return save(folder, result, origin, metrics)


def accuracy(model: Model, rows: Sequence[Row]) -> float:
    """Give the share of `rows` whose intent the model names."""
    return sum(model.best(row.text)[0] == row.intent for row in rows) / len(rows)
