"""Fails when it is imported."""

MODELS = {"small": "s.bin"}
CHOSEN = MODELS["large"]


class CrashingOrders:
    """Never comes into being."""
