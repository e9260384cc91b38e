import asyncio
import os
import sys


class DiesAtStart:
    async def __aenter__(self) -> "DiesAtStart":
        os._exit(7)

    async def __aexit__(self, *exc: object) -> None: ...

    async def ping(self) -> str:
        return "pong"


class Raises:
    """Its constructor fails like a model whose file is damaged."""

    def __init__(self) -> None:
        raise ValueError("the model file is damaged")

    async def ping(self) -> str:
        return "pong"


class NeverReady:
    async def __aenter__(self) -> "NeverReady":
        await asyncio.Event().wait()
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    async def ping(self) -> str:
        return "pong"


class Waiting:
    def __init__(self, slow: NeverReady) -> None: ...

    async def ping(self) -> str:
        return "pong"


class Leaver:
    async def leave(self) -> None:
        sys.exit(3)

    async def pid(self) -> int:
        return os.getpid()
