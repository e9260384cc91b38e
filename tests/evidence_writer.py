"""A program that writes numbered intervals as fast as it can; tests kill it.

It says `begins` before it opens the file, and each number once its interval is kept. Interval n has
one call and starts 10 n seconds after NOON_S, which is its clock too: while it writes, what is old
is merged, spans are deleted for room, and SQLite's log is written back.
"""

from __future__ import annotations

import sys
from pathlib import Path

from evidence_records import LIVE, NOON_S, busy_interval, edge

from amoeba.evidence.store import Evidence, Store, StoreError

MOST_BYTES = 8 << 20


def last_number(path: Path) -> int:
    """The number of the last interval kept; 0 when there is none."""
    try:
        with Evidence.open(path) as evidence:
            lives = evidence.lives()
    except StoreError as error:
        if error.reason != "missing":
            raise
        return 0
    return max((round((each.last_s - NOON_S) / 10) - 1 for each in lives), default=0)


def write(path: Path) -> None:
    print("begins", flush=True)
    now_s = [NOON_S]
    with Store.open(path, most_bytes=MOST_BYTES, clock=lambda: now_s[0]) as store:
        number = last_number(path)
        now_s[0] += 10 * number + 10
        store.went_live(LIVE)
        while True:
            number += 1
            now_s[0] = NOON_S + 10 * number
            interval = busy_interval(now_s[0], edges=8, spans=60, seed=number)
            interval.edges.append(edge(1, "number"))
            store.add(interval)
            print(number, flush=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
