import time

import amoeba


class Clerk:
    """Serves a few at a time and tells how long each has waited for its turn, in nanoseconds."""

    @amoeba.threaded
    def serve(self, ms: int, asked_ns: int) -> int:
        waited = time.perf_counter_ns() - asked_ns
        time.sleep(ms / 1e3)
        return waited
