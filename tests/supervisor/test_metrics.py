"""`/metrics` keeps Prometheus' conventions, tells every figure, and is documented name by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from amoeba.evidence import EdgeTotals, ProcessTotals, Samples, bucket_of
from amoeba.runtime import ReplicaStatus, Report, Status, StoreHealth
from amoeba.supervisor.collector import Collector
from amoeba.supervisor.metrics import render_metrics

if TYPE_CHECKING:
    from prometheus_client import Metric

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
EDGE = EdgeTotals(
    "gateway",
    "tickets",
    "open",
    5,
    {"ValueError": 1},
    2,
    {bucket_of(2_000_000): 4, bucket_of(3_000_000_000): 1},
    {bucket_of(40_000): 3},
    Samples(2, 200, 300, 4_000, 6_000, 5_000_000, 7_000_000),
)
USED = ProcessTotals(
    cpu_ns=1_500_000_000,
    start_ns=250_000_000,
    gc_pauses=3,
    gc_pause_ns=6_000_000,
    rss_bytes=1 << 20,
    rss_at_start_bytes=1 << 19,
    descriptors=17,
    gpu_bytes=1 << 30,
    gpu_busy=0.25,
    loop_lag={bucket_of(200_000): 10, bucket_of(80_000_000): 1},
    blocked_by={"tickets": 80_000_000},
    cpu_by_module={"tickets": 900_000_000, "other": 600_000_000},
)


def status(**more: Any) -> Status:
    replica = ReplicaStatus("models.0", "models", ("tickets",), "ready", 7, 2, 1 << 21, 3.0)
    return Status(
        **{
            "application": "desk",
            "topology": "apart",
            "strict": False,
            "pid": 1,
            "url": "",
            "admin_url": "",
            "replicas": [replica],
            "down": {"training": "it crashed five times"},
            "totals": [EDGE],
            "began_s": 1000.0,
            "processes": {"models.0": USED},
            "evidence": StoreHealth(4, 1, 990.0, 4096, 8192),
        }
        | more
    )


def families(of: Status) -> dict[str, Metric]:
    """Families as a scraper sees them, by the name of their type line."""
    return {each.name: each for each in text_string_to_metric_families(render_metrics(of).decode())}


def values(of: Status) -> dict[str, float]:
    """Samples by name and labels, as in the text."""
    found = {}
    for line in render_metrics(of).decode().splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def exposed(of: Status) -> dict[str, Metric]:
    """Families by the name that a query uses."""
    suffix = {"counter": "_total"}
    return {name + suffix.get(each.type, ""): each for name, each in families(of).items()}


def documented() -> dict[str, list[str]]:
    """The rows of the page's tables, by metric: type, labels, unit, meaning."""
    rows = re.findall(r"^\| `(amoeba_\w+)` \| (.*) \|$", PAGE, re.M)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in rows}


def test_every_figure_is_there_in_base_units():
    edge = '{caller="gateway",method="open",module="tickets"}'
    replica = '{process="models",replica="models.0"}'
    found = values(status())
    expected = {
        f"amoeba_calls_in_flight{edge}": 2,
        f"amoeba_call_duration_seconds_count{edge}": 5,
        f"amoeba_call_queued_seconds_count{edge}": 3,
        f"amoeba_sampled_calls_total{edge}": 2,
        f"amoeba_sampled_argument_bytes_total{edge}": 200,
        f"amoeba_sampled_answer_bytes_total{edge}": 300,
        f"amoeba_sampled_encode_seconds_total{edge}": 4e-6,
        f"amoeba_sampled_decode_seconds_total{edge}": 6e-6,
        f"amoeba_sampled_cpu_seconds_total{edge}": 0.005,
        f"amoeba_sampled_wait_seconds_total{edge}": 0.007,
        f"amoeba_replica_ready{replica}": 1,
        f"amoeba_replica_restarts_total{replica}": 2,
        f"amoeba_replica_memory_bytes{replica}": 1 << 21,
        f"amoeba_replica_memory_at_start_bytes{replica}": 1 << 19,
        f"amoeba_replica_open_descriptors{replica}": 17,
        f"amoeba_replica_cpu_seconds_total{replica}": 1.5,
        f"amoeba_replica_start_seconds_total{replica}": 0.25,
        f"amoeba_replica_gc_pause_seconds_count{replica}": 3,
        f"amoeba_replica_gc_pause_seconds_sum{replica}": 0.006,
        f"amoeba_replica_loop_lag_seconds_count{replica}": 11,
        f"amoeba_replica_gpu_memory_bytes{replica}": 1 << 30,
        f"amoeba_replica_gpu_busy_ratio{replica}": 0.25,
        'amoeba_module_down{module="training"}': 1,
        "amoeba_start_time_seconds": 1000,
        'amoeba_evidence_intervals_total{result="kept"}': 4,
        'amoeba_evidence_intervals_total{result="lost"}': 1,
        "amoeba_evidence_last_kept_timestamp_seconds": 990,
        "amoeba_evidence_size_bytes": 4096,
        "amoeba_evidence_limit_bytes": 8192,
    }
    told = {_sorted_labels(name): value for name, value in found.items()}
    assert {name: told.get(name) for name in expected} == expected
    module = 'module="tickets",process="models",replica="models.0"'
    assert told[f"amoeba_module_cpu_seconds_total{{{module}}}"] == 0.9
    assert told[f"amoeba_module_blocked_loop_seconds_total{{{module}}}"] == 0.08


def _sorted_labels(name: str) -> str:
    name, brace, labels = name.partition("{")
    return name + (f"{{{','.join(sorted(labels[:-1].split(',')))}}}" if brace else "")


def test_histograms_are_cumulative_and_within_their_error():
    family = families(status())["amoeba_call_duration_seconds"]
    buckets = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")}
    counts = list(buckets.values())
    assert counts == sorted(counts)
    assert (buckets["0.001"], buckets["0.0025"], buckets["2.5"], buckets["+Inf"]) == (0, 4, 4, 5)
    (total,) = [s.value for s in family.samples if s.name.endswith("_sum")]
    assert total == pytest.approx(3.008, rel=0.016)


def test_a_gpu_that_is_not_known_has_no_sample():
    unknown = ProcessTotals(cpu_ns=1)
    found = families(status(processes={"models.0": unknown}))
    assert found["amoeba_replica_gpu_memory_bytes"].samples == []
    assert found["amoeba_replica_gpu_busy_ratio"].samples == []


def test_of_a_process_that_is_not_there_what_it_used_stays_and_what_it_has_does_not():
    gone = ReplicaStatus("models.0", "models", ("tickets",), "failed", 0, 5, 0, 0.0)
    found = families(status(replicas=[gone]))
    assert found["amoeba_replica_open_descriptors"].samples == []
    assert found["amoeba_replica_cpu_seconds"].samples[0].value == 1.5


def test_without_evidence_its_metrics_have_no_samples():
    found = families(status(evidence=None))
    assert found["amoeba_evidence_intervals"].samples == []


def test_an_application_that_has_done_nothing_has_an_exposition_too():
    nothing = status(totals=[], processes={}, down={}, replicas=[], evidence=None)
    assert exposed(nothing).keys() == exposed(status()).keys()


def test_counters_do_not_fall_when_a_replica_starts_anew():
    collector, highest = Collector(), dict[str, float]()
    fresh = ProcessTotals(cpu_ns=5, gc_pauses=1, loop_lag={3: 1}, descriptors=4)
    for generation in (1, 2, 3):
        used = USED if generation != 2 else fresh
        collector.take("models.0", generation, Report([EDGE] if generation != 2 else [], used, []))
        told = status(totals=collector.totals(), processes=collector.processes())
        only_growing = {
            name: value
            for name, value in values(told).items()
            if re.search(r"_(total|count|sum|bucket)(\{|$)", name)
        }
        assert {name for name in highest if only_growing[name] < highest[name]} == set()
        highest = only_growing
    replica = '{process="models",replica="models.0"}'
    assert highest[f"amoeba_replica_gc_pause_seconds_count{replica}"] == 7


def test_names_and_texts_keep_the_conventions_of_prometheus():
    for name, family in families(status()).items():
        assert re.fullmatch(r"amoeba_[a-z][a-z0-9_]*[a-z0-9]", name), name
        assert family.documentation.strip(), name
        words = name.split("_")
        assert not {"counter", "gauge", "histogram", "summary", "metric"} & set(words), name
        abbreviated = {
            "ms",
            "ns",
            "us",
            "sec",
            "secs",
            "mib",
            "kb",
            "mb",
            "percent",
            "milliseconds",
        }
        assert not abbreviated & set(words), name
        if family.type != "histogram":
            assert not name.endswith(("_bucket", "_sum", "_count")), name
        assert family.type != "unknown", name
        for sample in family.samples:
            assert family.type != "counter" or sample.name == f"{name}_total"
            assert family.type == "counter" or not sample.name.endswith("_total")
            if family.type == "gauge":
                assert not {"le", "quantile"} & set(sample.labels)


def test_help_and_type_come_once_and_before_their_samples():
    lines = render_metrics(status()).decode().splitlines()
    heads = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads))
    assert [line.split()[2] for line in lines if line.startswith("# HELP")] == heads


def test_every_metric_is_documented_and_every_documented_one_exists():
    assert documented().keys() == exposed(status()).keys()


def test_types_and_labels_are_as_documented():
    for name, family in exposed(status()).items():
        kind, labels, *_ = documented()[name]
        assert kind == family.type, name
        shown = {key for sample in family.samples for key in sample.labels} - {"le"}
        assert sorted(re.findall(r"`(\w+)`", labels)) == sorted(shown), name


def test_queries_of_the_page_use_metrics_that_exist():
    queries = "".join(re.findall(r"```promql\n(.*?)```", PAGE, re.S))
    used = set(re.findall(r"amoeba_\w+", queries))
    known = exposed(status()).keys()
    assert len(used) >= 3
    assert {
        name for name in used if re.sub(r"_(bucket|sum|count)$", "", name) not in known
    } <= known
