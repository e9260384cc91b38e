import time


class Blocker:
    """Holds up the event loop and tells for how long, in nanoseconds."""

    async def block(self, ms: int) -> int:
        began = time.perf_counter_ns()
        time.sleep(ms / 1e3)  # noqa: ASYNC251 - what the module is for
        return time.perf_counter_ns() - began
