"""Needs a library that is not installed."""

import torch_of_nobody  # noqa: F401 - that it fails is the point


class NeedingOrders:
    """Never comes into being."""
