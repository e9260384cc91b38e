import time

import amoeba


class Mill:
    """Burns CPU time of its thread and tells how much, in nanoseconds."""

    @amoeba.threaded
    def burn(self, ms: int) -> int:
        return burned_ns(ms)


def burned_ns(ms: int) -> int:
    began = time.thread_time_ns()
    while time.thread_time_ns() - began < ms * 1_000_000:
        pass
    return time.thread_time_ns() - began
