import asyncio
import json
import os
import sys
from typing import Any
from urllib.parse import unquote

import amoeba


async def api(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await receive()
    parts = [unquote(part) for part in scope["raw_path"].decode().strip("/").split("/")]
    answer = await own(parts[1:]) if parts[0] == "gateway" else await call(*parts)
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def call(module: str, method: str, *args: str) -> Any:
    handle: Any = amoeba.use(module)
    result = getattr(handle, method)(*args)
    if asyncio.iscoroutine(result):
        seconds = os.environ.get("LAB_DEADLINE")
        if seconds:
            async with amoeba.deadline(float(seconds)):
                return await result
        return await result
    if hasattr(result, "__aiter__"):
        return [item async for item in result]
    return result


async def own(parts: list[str]) -> Any:
    match parts:
        case ["pid"]:
            return os.getpid()
        case ["modules"]:
            return sorted(name for name in sys.modules if name.startswith("lab."))
        case ["sleep", seconds]:
            await asyncio.sleep(float(seconds))
            return "slept"
        case ["break"]:
            breakpoint()
            return "went on"
        case ["print"]:
            print("said on stdout")
            print("said on stderr", file=sys.stderr)
            return "printed"
    return None
