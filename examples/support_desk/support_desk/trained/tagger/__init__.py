"""The extractor's model: a linear-chain conditional random field over the tokens of a text.

::

    text -> tokens -> features (lexicon) -> model (labels) -> spans
    card, storage: the same on disk
"""
