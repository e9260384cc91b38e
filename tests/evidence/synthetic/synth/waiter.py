import asyncio


class Unwilling(Exception):
    """An error of the application's own."""


class Waiter:
    """Waits for as long as it is told, or fails as it is told."""

    def __init__(self) -> None:
        self._released = asyncio.Event()

    async def wait(self, ms: int) -> None:
        await asyncio.sleep(ms / 1e3)

    async def hold(self) -> None:
        await self._released.wait()

    async def release(self) -> None:
        self._released.set()

    async def fail(self, kind: str) -> None:
        raise {"value": ValueError, "key": KeyError, "own": Unwilling}[kind](kind)
