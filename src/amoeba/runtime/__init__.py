"""The runtime: modules as objects, and calls between them wherever they run.

    use / constructor → handle ─┬─ local:  recorder → method
                                └─ remote: recorder → stub → wire → host → service → method

A `Host` runs the modules placed in one process: it plans, makes and enters them in the order of
their needs, and serves them to other hosts. A `Handle` is the seam: closures over one replaceable
target. A `Router` keeps the newest routes; a `Pool` chooses the replica. `process` is the program
that a supervisor starts; `current` is where `amoeba.use` finds the host of its process.

The runtime never decides where a module runs, and never retries what is not marked idempotent.
"""

from amoeba.runtime.control import (
    Announcement,
    HostSpec,
    Need,
    ReplicaStatus,
    Report,
    Status,
    StoreHealth,
    Supervision,
)
from amoeba.runtime.host import Host, StartError
from amoeba.runtime.routing import Endpoint, Routes

__all__ = [
    "Announcement",
    "Endpoint",
    "Host",
    "HostSpec",
    "Need",
    "ReplicaStatus",
    "Report",
    "Routes",
    "StartError",
    "Status",
    "StoreHealth",
    "Supervision",
]
