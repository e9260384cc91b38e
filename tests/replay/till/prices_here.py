"""An implementation that fails in ways that its contract does not tell."""

from pathlib import Path

import amoeba
from till.prices import Prices


class OutOfStock(Exception):
    """Private to the module: to other processes it is a RemoteError."""


class PricesHere(Prices):
    def __init__(self, notes: str) -> None:
        self._notes = Path(notes.removeprefix("file://"))

    async def price(self, item: str, count: int) -> float:
        in_stock = {"tea": 3}.get(item, 0)
        if count > in_stock:
            raise OutOfStock(f"{count} {item}")
        return 2.5 * count

    @amoeba.threaded
    def weigh(self, item: str) -> int:
        return int(item)

    async def note(self, text: str) -> str:
        with self._notes.open("a") as file:
            file.write(f"{text}\n")
        return text
