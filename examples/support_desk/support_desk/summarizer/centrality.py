"""How much the sentences of a conversation have in common: LexRank's graph.

A sentence is a vector of `(1 + ln count) * idf` per term, scaled to length 1, with
`idf = 1 + ln((1 + n) / (1 + n_with_term))`; two sentences are as similar as the cosine of their
vectors. A sentence is central when it is similar to central sentences (Erkan and Radev, 2004).

Sums run in a fixed order, whatever the machine: along the first axis, never through BLAS, whose
order depends on its number of threads.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

_DAMPING = 0.85
_ROUNDS = 20
"""The rest would change nothing that matters: 0.85^20 is 0.04."""


def similarities(sentences: Sequence[Sequence[str]]) -> Floats:
    """Give the cosine of each pair of sentences, told as terms: symmetric, between 0 and 1."""
    counts = [Counter(terms) for terms in sentences]
    with_term = Counter(term for count in counts for term in count)
    rows = {term: row for row, term in enumerate(with_term)}
    vectors = np.zeros((len(rows), len(counts)))
    for column, count in enumerate(counts):
        weights = [
            (1 + math.log(number)) * _idf(len(counts), with_term[term])
            for term, number in count.items()
        ]
        length = math.sqrt(math.fsum(weight * weight for weight in weights))
        vectors[[rows[term] for term in count], column] = np.array(weights) / length
    return _cosines(vectors)


def centralities(similarity: Floats) -> Floats:
    """Give each sentence's share of the attention, scaled so that the greatest is 1."""
    n = len(similarity)
    if not n:
        return np.zeros(0)
    others = similarity * (1.0 - np.eye(n))
    totals = others.sum(axis=0)
    # Symmetric, so row j tells what j gives to each of the others; who has none gives nothing.
    given = others / np.where(totals > 0, totals, 1.0)[:, np.newaxis]
    share = np.full(n, 1.0 / n)
    for _ in range(_ROUNDS):
        share = (1 - _DAMPING) / n + _DAMPING * (given * share[:, np.newaxis]).sum(axis=0)
    return np.asarray(share / share.max())


def _idf(sentences: int, with_term: int) -> float:
    return 1 + math.log((1 + sentences) / (1 + with_term))


def _cosines(vectors: Floats) -> Floats:
    cosines = np.eye(vectors.shape[1])
    for column, vector in enumerate(vectors.T):
        rows = np.flatnonzero(vector)
        cosines[column] = (vectors[rows] * vector[rows, np.newaxis]).sum(axis=0)
    return np.asarray(np.minimum(cosines, 1.0))
