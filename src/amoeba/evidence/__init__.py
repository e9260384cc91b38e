"""Evidence: what was measured of the running application.

The recorder of each host counts per edge (calling module, called method); its totals go to the
supervisor, which merges them over processes. Nothing here keeps a payload.
"""

from amoeba.evidence.histogram import bucket_of, quantile_ns
from amoeba.evidence.recorder import Edge, EdgeTotals, Recorder, merge

__all__ = ["Edge", "EdgeTotals", "Recorder", "bucket_of", "merge", "quantile_ns"]
