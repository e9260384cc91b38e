"""A run in which everything has happened, for what shows runs."""

from __future__ import annotations

from amoeba.evidence import EdgeTotals, ProcessTotals, bucket_of
from amoeba.evidence.records import HTTP, Interval
from amoeba.runtime import ReplicaStatus, Status, StoreHealth

MS = 1_000_000


def edge(
    caller: str, module: str, method: str, calls: int, took_ms: float, in_flight: int = 0
) -> EdgeTotals:
    latency = {bucket_of(int(took_ms * MS)): calls} if calls else {}
    errors = {"500": calls // 10} if calls >= 10 else {}
    return EdgeTotals(caller, module, method, calls, errors, in_flight, latency)


EDGES = [
    edge(HTTP, "gateway", "POST /tickets", 300, 30, 2),
    edge(HTTP, "gateway", "GET /", 8, 1),
    edge("gateway", "tickets", "open", 300, 20),
    edge("tickets", "classifier", "classify", 1200, 2),
]
USED = {
    "main.0": ProcessTotals(cpu_ns=3_000 * MS, loop_lag={bucket_of(MS): 99}, gc_pause_ns=6 * MS),
    "models.0": ProcessTotals(
        cpu_ns=18_000 * MS,
        loop_lag={bucket_of(200 * MS): 99},
        blocked_by={"classifier": 6_000 * MS},
        gpu_bytes=3 << 30,
        gpu_busy=0.5,
    ),
    "models.1": ProcessTotals(),
}
REPLICAS = [
    ReplicaStatus("main.0", "main", ("gateway", "tickets"), "ready", 11, 0, 60 << 20, 7300.0),
    ReplicaStatus("models.0", "models", ("classifier",), "ready", 12, 1, 2 << 30, 90.0),
    ReplicaStatus("models.1", "models", ("classifier",), "failed", 0, 5, 0, 0.0, "it crashed"),
]


def seen(now_s: float) -> Status:
    """Of a moment, two hours after its begin."""
    earlier = edge("tickets", "features", "of", 50, 4)
    return Status(
        application="support-desk",
        topology="models-apart",
        strict=False,
        pid=10,
        url="http://127.0.0.1:8000",
        admin_url="http://127.0.0.1:8001",
        replicas=REPLICAS,
        down={"training": "it crashed five times\nand more"},
        totals=[*EDGES, earlier],
        began_s=now_s - 7300,
        processes=USED,
        lately=Interval(now_s - 10, 10.0, EDGES, USED),
        evidence=StoreHealth(trouble="the disk is full\n  hint: make room"),
    )
