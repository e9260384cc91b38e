"""Answers that go out in parts.

The first part is waited for before the answer begins, so whatever fails until then is an ordinary
error with its own status. What fails later ends the stream with a part that says so.
"""

from __future__ import annotations

import contextlib
import json
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event

import amoeba
from support_desk.gateway.settings import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

log = logging.getLogger("support_desk.gateway")


async def events(items: AsyncIterator[Any], name: str) -> EventSourceResponse:
    """Send each item as a server-sent event `name`; then one event `end`, or `error`."""

    def part(kind: str, value: Any) -> bytes:
        return format_sse_event(event=kind, data_str=json.dumps(value, ensure_ascii=False))

    async def parts(ready: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        try:
            async for item in ready:
                yield part(name, msgspec.to_builtins(item))
        except Exception as error:  # noqa: BLE001 - the answer has begun: it is said in it
            yield part("error", _said(error))
        else:
            yield part("end", None)

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return EventSourceResponse(parts(await _begun(items)), headers=headers)


async def lines(
    items: AsyncIterator[Any], shown: Callable[[Any], dict[str, Any]]
) -> StreamingResponse:
    """Send each item as a line of JSON (https://jsonlines.org); a failure is a last line."""

    async def parts(ready: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        try:
            async for item in ready:
                yield msgspec.json.encode(shown(item)) + b"\n"
        except Exception as error:  # noqa: BLE001 - as in `events`
            yield msgspec.json.encode({"error": _said(error)}) + b"\n"

    return StreamingResponse(parts(await _begun(items)), media_type="application/x-ndjson")


async def _begun(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Wait for the first item, until the deadline; gives them all."""
    first: list[Any] = []
    async with amoeba.deadline(DEADLINE_S):
        with contextlib.suppress(StopAsyncIteration):
            first.append(await anext(items))

    async def all_of() -> AsyncIterator[Any]:
        try:
            for item in first:
                yield item
            async for item in items:
                yield item
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    return all_of()


def _said(error: Exception) -> str:
    """Say what failed, without the words of a customer or a traceback."""
    log.error("a stream broke off", exc_info=error)
    if isinstance(error, amoeba.Unavailable):
        return f"module {error.module} is unavailable, try again later"
    return "it could not be finished"
