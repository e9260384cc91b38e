"""Evidence that survives: `.amoeba/evidence.db`, one SQLite file.

    supervisor → Store.add(Interval) → one transaction: make room → insert → downsample a little
    command line, advisor → Evidence.open(path) → edges, series, lives, traces, export

A file is `absent → written ⇄ closed`; `damaged → set aside`, and a new one begins. Within it a
period (what was live) has intervals, and an interval has a row per edge and per replica. An
interval is one transaction, so a kill loses at most the one being added, and never tears it.

It must never cost the application anything: whatever goes wrong is one exception, `StoreError`, at
the writer's, and the next interval may succeed. It holds no payloads: `payloads.db` beside it has
those requests that the application wants recorded, and is written by the same means. The file needs
a local disk: SQLite's write-ahead log does not work over a network file system.
"""

from amoeba.evidence.store.errors import Reason, StoreError
from amoeba.evidence.store.exporting import KINDS, Kind
from amoeba.evidence.store.files import evidence_path, private_folder
from amoeba.evidence.store.intervals import Kept
from amoeba.evidence.store.payloads import PayloadStore, payloads_path, read_payloads
from amoeba.evidence.store.periods import Period
from amoeba.evidence.store.reading import Evidence
from amoeba.evidence.store.spans import Trace
from amoeba.evidence.store.writing import Store

__all__ = [
    "KINDS",
    "Evidence",
    "Kept",
    "Kind",
    "PayloadStore",
    "Period",
    "Reason",
    "Store",
    "StoreError",
    "Trace",
    "evidence_path",
    "payloads_path",
    "private_folder",
    "read_payloads",
]
