"""The classifier's model: TF-IDF over words and characters with logistic regression.

::

    text -> features (n-grams) -> model (weights) -> an intent, and how sure it is of it
    card, storage: the same on disk
"""
