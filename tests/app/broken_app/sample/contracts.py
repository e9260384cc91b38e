"""The contracts of the shop: they import no implementation."""

from collections.abc import AsyncIterator
from typing import Protocol


class OutOfStock(Exception):
    """There is not enough left."""


class Stock(Protocol):
    """How much is left of each item."""

    async def reserve(self, item: str, count: int = 1) -> bool: ...

    async def level(self, item: str) -> int: ...


class Orders(Protocol):
    """Takes orders."""

    async def place(self, item: str, count: int) -> str: ...


class Mail(Protocol):
    """Writes to customers."""

    async def send(self, to: str, text: str) -> None: ...

    def inbox(self, of: str) -> AsyncIterator[str]: ...


class Carts(Protocol):
    """What each customer has chosen."""

    async def add(self, customer: str, item: str) -> None: ...

    async def sweep(self) -> int: ...
