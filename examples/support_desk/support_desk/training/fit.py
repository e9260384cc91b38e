"""Fits the classifier with scikit-learn and takes from it the numbers that serving needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

# scikit-learn and threadpoolctl ship no types.
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import FeatureUnion, Pipeline  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from support_desk.trained.linear.card import Grams, Names, Parameters
from support_desk.trained.linear.storage import Trained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_desk.training.data import Row

MOST_STEPS = 1000
TOLERANCE = 1e-5
"""Tight enough that another release of the solver ends at the same predictions."""


def fit(rows: Sequence[Row], parameters: Parameters) -> Pipeline:
    """Fit a pipeline that takes texts; `trained` makes a model of it."""
    pipeline = Pipeline(
        [
            (
                "features",
                FeatureUnion(
                    [
                        ("words", _vectorizer("word", parameters.words)),
                        ("characters", _vectorizer("char_wb", parameters.characters)),
                    ]
                ),
            ),
            (
                "weigh",
                LogisticRegression(
                    C=parameters.inverse_regularization,
                    class_weight="balanced",  # rare intents matter as much as common ones
                    tol=TOLERANCE,
                    max_iter=MOST_STEPS,
                ),
            ),
        ]
    )
    with threadpool_limits(1):  # the number of threads would change the last digits
        pipeline.fit([row.text for row in rows], [row.intent for row in rows])
    return pipeline


def trained(pipeline: Pipeline, parameters: Parameters) -> Trained:
    """Take the vocabularies and the numbers of a fitted pipeline."""
    parts = dict(pipeline["features"].transformer_list)
    words, characters = parts["words"], parts["characters"]
    regression = pipeline["weigh"]
    return Trained(
        parameters=parameters,
        names=Names(
            labels=tuple(map(str, regression.classes_)),
            words=tuple(map(str, words.get_feature_names_out())),
            characters=tuple(map(str, characters.get_feature_names_out())),
        ),
        word_idf=words.idf_,
        character_idf=characters.idf_,
        weights=np.ascontiguousarray(regression.coef_.T),
        intercept=regression.intercept_,
    )


def _vectorizer(analyzer: str, grams: Grams) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(grams.shortest, grams.longest),
        token_pattern=r"\w+" if analyzer == "word" else None,
        min_df=grams.fewest_messages,
        sublinear_tf=True,
    )
