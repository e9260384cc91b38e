import asyncio


class Unwilling(Exception):
    """An error of the application's own."""


class Waiter:
    """Waits for as long as it is told, or fails as it is told."""

    async def wait(self, ms: int) -> None:
        await asyncio.sleep(ms / 1e3)

    async def fail(self, kind: str) -> None:
        raise {"value": ValueError, "key": KeyError, "own": Unwilling}[kind](kind)
