"""A program that records numbered requests as fast as it can; tests kill it."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from payload_records import NOON_S, recorded

from amoeba.evidence.store import PayloadStore, read_payloads

MOST_BYTES, KEEP_S = 2 << 20, 1e6


def numbers(path: Path) -> list[int]:
    """The numbers that are recorded, in order; none when there is no file yet."""
    if not path.exists() or not path.stat().st_size:
        return []
    return sorted(int(each.trace_id, 16) for each in read_payloads(path, KEEP_S, NOON_S))


def write(path: Path) -> None:
    print("begins", flush=True)
    rng = random.Random(3)
    store = PayloadStore.open(path, most_bytes=MOST_BYTES, keep_s=KEEP_S, clock=lambda: NOON_S)
    number = max(numbers(path), default=0)
    while True:
        number += 1
        store.add([recorded(number, rng.randbytes(rng.randrange(60_000)))])
        print(number, flush=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
