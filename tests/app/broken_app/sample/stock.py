"""Implementations of Stock, good and bad."""

import amoeba
from sample.contracts import Stock


class MemoryStock(Stock):
    """Keeps Stock whole."""

    async def reserve(self, item: str, count: int = 1) -> bool:
        return count <= await self.level(item)

    async def level(self, item: str) -> int:
        return len(item)


class FastStock(MemoryStock):
    """Another that keeps Stock."""


class HalfStock(Stock):
    """Inherits level() as the Protocol's own stub."""

    async def reserve(self, item: str, count: int = 1) -> bool:
        return bool(item) and count > 0


class MistypedStock:
    """Takes and returns what the contract does not say."""

    async def reserve(self, item: int, count: int = 1) -> bool:
        return item > count

    async def level(self, item: str) -> str:
        return item


class MisspeltStock:
    """Means level(), writes levels()."""

    async def reserve(self, item: str, count: int = 1) -> bool:
        return bool(item) and count > 0

    async def levels(self, item: str) -> int:
        return len(item)


class BlockingStock:
    """Has one method in a thread, as allowed, and one that blocks."""

    @amoeba.threaded
    def reserve(self, item: str, count: int = 1) -> bool:
        return bool(item) and count > 0

    def level(self, item: str) -> int:
        return len(item)


class GreedyStock:
    """Asks for more than a caller passes."""

    async def reserve(self, item: str, count: int, warehouse: str) -> bool:
        return bool(item and warehouse) and count > 0

    async def level(self, item: str) -> int:
        return len(item)


def make_stock() -> MemoryStock:
    """A function where a class is wanted."""
    return MemoryStock()
