"""The model itself: TF-IDF over words and characters, then multinomial logistic regression.

For each part, a message becomes `(1 + ln count) * idf` per known n-gram, scaled to length 1; the
parts stand side by side. The scores `x W + b` become probabilities by softmax::

    text -> n-grams -> indices, values -> scores -> probabilities
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of n-gram. `index` gives the row of `Model.weights`, counted from `first`."""

    grams: Callable[[str], list[str]]
    index: Mapping[str, int]
    idf: Floats
    first: int

    def vector(self, text: str) -> tuple[Indices, Floats]:
        """Give the rows of the n-grams that `text` contains, ascending, and their values."""
        index = self.index
        found = [index[gram] for gram in self.grams(text) if gram in index]
        rows, counts = np.unique(np.array(found, dtype=np.intp), return_counts=True)
        values = (1.0 + np.log(counts)) * self.idf[rows]
        length = np.sqrt(np.sum(values * values))
        return rows + self.first, values / length if found else values


@dataclass(frozen=True, slots=True)
class Model:
    """A trained classifier. `weights` has a row per n-gram and a column per label."""

    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    weights: Floats
    intercept: Floats

    def probabilities(self, text: str) -> Floats:
        """Give the probability of each label, in the order of `labels`."""
        vectors = [part.vector(text) for part in self.parts]
        rows = np.concatenate([rows for rows, _ in vectors])
        values = np.concatenate([values for _, values in vectors])
        # Not a matrix product: BLAS sums in an order that depends on its number of threads.
        scores = (self.weights[rows] * values[:, np.newaxis]).sum(axis=0) + self.intercept
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())

    def best(self, text: str) -> tuple[str, float]:
        """Give the likeliest label and its probability."""
        probabilities = self.probabilities(text)
        winner = int(np.argmax(probabilities))
        return self.labels[winner], float(probabilities[winner])
