"""Modules whose constructors need each other, seen only when each is in its own process."""

from typing import Protocol


class Left(Protocol):
    async def ping(self) -> str: ...


class Right(Protocol):
    async def ping(self) -> str: ...


class LeftHere(Left):
    def __init__(self, right: Right) -> None: ...

    async def ping(self) -> str:
        return "left"


class RightHere(Right):
    def __init__(self, left: Left) -> None: ...

    async def ping(self) -> str:
        return "right"
