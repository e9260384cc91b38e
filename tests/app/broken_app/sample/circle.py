"""Three modules that need each other."""

from collections.abc import AsyncIterator

from sample.contracts import Mail, Orders, Stock


class CircleOrders(Orders):
    """Needs Stock."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    async def place(self, item: str, count: int) -> str:
        return f"{count} of {item}"


class CircleStock(Stock):
    """Needs Mail."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail

    async def reserve(self, item: str, count: int = 1) -> bool:
        return bool(item) and count > 0

    async def level(self, item: str) -> int:
        return len(item)


class CircleMail(Mail):
    """Needs Orders."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders

    async def send(self, to: str, text: str) -> None:
        del to, text

    async def inbox(self, of: str) -> AsyncIterator[str]:
        yield of
