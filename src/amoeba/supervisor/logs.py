"""The merged output of all replicas, each line with the name of the replica it came from."""

from __future__ import annotations

import asyncio
import sys
from typing import BinaryIO

_LINE_BYTES = 1 << 20


def say(text: str) -> None:
    """A line of the supervisor's own, on stderr."""
    for line in text.splitlines():
        sys.stderr.write(f"amoeba: {line}\n")
    sys.stderr.flush()


async def relay(source: asyncio.StreamReader | None, target: BinaryIO, prefix: str) -> None:
    """Copy lines from `source` to `target` until it ends; an endless line is cut into pieces."""
    if source is None:
        return
    mark = f"[{prefix}] ".encode()
    while line := await _line(source):
        target.write(mark + line + (b"" if line.endswith(b"\n") else b"\n"))
        target.flush()


async def _line(source: asyncio.StreamReader) -> bytes:
    try:
        return await source.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await source.read(error.consumed or _LINE_BYTES)
