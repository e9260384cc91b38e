import time
from collections import defaultdict
from typing import Any

from fastapi import FastAPI

import amoeba
from synth.baker import Baker
from synth.blocker import Blocker
from synth.clerk import Clerk
from synth.hoarder import Hoarder
from synth.kiln import Kiln
from synth.mill import Mill
from synth.porter import Porter
from synth.waiter import Unwilling, Waiter

waiter, porter, mill, kiln = (amoeba.use(each) for each in (Waiter, Porter, Mill, Kiln))
baker, blocker, hoarder, clerk = (amoeba.use(x) for x in (Baker, Blocker, Hoarder, Clerk))
api = FastAPI()
took: defaultdict[str, list[int]] = defaultdict(list)
"""How long each call of a method took, in ns: the gateway's own clock around its handle."""


async def timed(name: str, call: Any) -> Any:
    began = time.perf_counter_ns()
    try:
        return await call
    finally:
        took[name].append(time.perf_counter_ns() - began)


@api.post("/wait/{ms}")
async def wait(ms: int) -> None:
    await timed(f"wait {ms}", waiter.wait(ms))


@api.post("/hold/{whom}")
async def hold(whom: str) -> None:
    await waiter.hold()


@api.post("/release/{whom}")
async def release(whom: str) -> None:
    await waiter.release()


@api.post("/fail/{kind}")
async def fail(kind: str) -> str:
    try:
        await waiter.fail(kind)
    except (ValueError, KeyError, Unwilling) as error:
        return type(error).__name__
    return ""


@api.post("/carry/{size}")
async def carry(size: int) -> int:
    return len(await timed(f"carry {size}", porter.carry(bytes(size))))


@api.post("/ask/{times}")
async def ask(times: int) -> None:
    await porter.ask(times)


@api.post("/mill/{ms}")
async def use_mill(ms: int) -> int:
    return await mill.burn(ms)


@api.post("/kiln/{ms}")
async def use_kiln(ms: int) -> int:
    return await kiln.burn(ms)


@api.post("/knead/{ms}")
async def knead(ms: int) -> int:
    return await baker.knead(ms)


@api.post("/block/{ms}")
async def block(ms: int) -> int:
    return await blocker.block(ms)


@api.post("/allocate/{size}")
async def allocate(size: int) -> int:
    return await hoarder.allocate(size)


@api.post("/serve/{ms}")
async def serve(ms: int) -> int:
    return await clerk.serve(ms, time.perf_counter_ns())


@api.get("/took")
async def tell() -> dict[str, list[int]]:
    return took


@api.get("/cpu")
async def cpu() -> int:
    return time.process_time_ns()
