"""`/metrics`: what all processes measured, in Prometheus' text form.

    Status → families of edges, of replicas, of the run → exposition

Names keep Prometheus' conventions: base units (seconds, bytes), `_total` of what only grows.
Counters are of the whole run: they fall when the supervisor starts anew, not when a replica does.
`docs/reference/metrics.md` says what each is.
"""

from amoeba.supervisor.metrics.rendering import render_metrics

__all__ = ["render_metrics"]
