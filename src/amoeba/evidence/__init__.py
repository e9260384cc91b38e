"""Evidence: what was measured of the running application.

The recorder of each host counts per edge (calling module, called method) and looks closely at a few
calls, which become the spans of traces; its totals go to the supervisor, which merges them over
processes. No payload is kept, but of requests whose routes the application names: see `payloads`.

    totals → snapshots → interval → rates                what happened lately
    spans → trees → critical paths → time by route       where the time of requests goes
"""

from amoeba.evidence.adding import merge_at_once
from amoeba.evidence.histogram import bucket_of, quantile_ns
from amoeba.evidence.recorder import Edge, Recorder
from amoeba.evidence.records import EdgeTotals, ProcessTotals, Samples, Span
from amoeba.evidence.spans import ActiveSpan

__all__ = [
    "ActiveSpan",
    "Edge",
    "EdgeTotals",
    "ProcessTotals",
    "Recorder",
    "Samples",
    "Span",
    "bucket_of",
    "merge_at_once",
    "quantile_ns",
]
