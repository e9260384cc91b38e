from collections.abc import AsyncIterator

from rules.front import Front
from rules.probe import Probe


class FrontHere(Front):
    """Calls another module: what holds for one call must hold for the next."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    async def remaining_behind_s(self) -> float | None:
        return await self._probe.remaining_s()

    async def wait_behind(self) -> None:
        await self._probe.wait_forever()

    async def fail_behind(self, how: str) -> None:
        await self._probe.fail(how)

    async def count_behind(self, to: int) -> AsyncIterator[int]:
        async for number in self._probe.count(to):
            yield number
