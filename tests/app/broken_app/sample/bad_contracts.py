"""Protocols that no module can promise."""

from typing import Protocol


class WithAttribute(Protocol):
    """Holds a value, which cannot cross."""

    limit: int

    async def check(self, amount: int) -> bool: ...


class Synchronous(Protocol):
    """Has a method that would block its caller."""

    def check(self, amount: int) -> bool: ...


class Empty(Protocol):
    """Promises nothing."""
