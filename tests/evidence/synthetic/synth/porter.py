import asyncio

from synth.waiter import Waiter


class Porter:
    """Carries a payload, the longer the larger it is, and has a module of its own to call."""

    def __init__(self, waiter: Waiter) -> None:
        self._waiter = waiter

    async def carry(self, payload: bytes) -> bytes:
        await asyncio.sleep(0.02 + len(payload) / 2e6)
        return payload[: len(payload) // 2]

    async def ask(self, times: int) -> None:
        for _ in range(times):
            await self._waiter.wait(1)
