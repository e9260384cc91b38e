import sys

from lab.helper import Helper
from lab.worker import Worker


class HelperHere(Helper):
    """Needs the worker, in its constructor and in its calls."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def __aenter__(self) -> "HelperHere":
        assert await self._worker.echo("ready?") == "ready?"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._worker.echo("leaving")
        print("helper leaves", file=sys.stderr)

    async def shout(self, text: str) -> str:
        return (await self._worker.echo(text)).upper()

    async def modules(self) -> list[str]:
        return sorted(name for name in sys.modules if name.startswith("lab."))
