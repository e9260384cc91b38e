"""A constructor whose annotation exists only for a type checker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sample.contracts import Stock


class HiddenShop:
    """Needs Stock, which is not there at run time."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    async def place(self, item: str, count: int) -> str:
        return f"{count} of {item}"
