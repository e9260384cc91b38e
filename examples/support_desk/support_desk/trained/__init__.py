"""Trained models: what `training` writes, and `classifier` and `extractor` load.

A library that those modules share, so that none of them imports another's implementation. It knows
files and numbers, and no module's contract but for the kinds of entities.
"""
