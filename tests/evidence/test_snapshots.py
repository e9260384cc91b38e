"""What happened between two moments is the difference of their totals."""

from __future__ import annotations

from evidence_records import edge
from hypothesis import given, settings
from hypothesis import strategies as st

from amoeba.evidence.records import ProcessTotals
from amoeba.evidence.snapshots import Snapshot, Snapshots


def snapshot(at_s: float, calls: int = 0) -> Snapshot:
    return Snapshot(at_s, [edge(calls)], {"main.0": ProcessTotals(cpu_ns=calls)})


def test_what_was_added_is_the_difference():
    added = snapshot(12.0, calls=9).since(snapshot(10.0, calls=4))
    assert (added.start_s, added.width_s) == (10.0, 2.0)
    assert [each.calls for each in added.edges] == [5]
    assert added.processes["main.0"].cpu_ns == 5


def test_a_replica_that_is_new_has_all_it_used():
    before = Snapshot(1.0, [], {})
    assert snapshot(2.0, calls=3).since(before).processes["main.0"].cpu_ns == 3


def test_the_first_moment_has_nothing_before_it():
    kept = Snapshots(0.0, 5.0)
    assert kept.lately(snapshot(1.0)) is None
    kept.add(snapshot(1.0))
    assert kept.lately(snapshot(1.0)) is None
    assert kept.lately(snapshot(3.0)).width_s == 2.0
    kept.clear()
    assert kept.lately(snapshot(4.0)) is None


@settings(max_examples=50)
@given(st.lists(st.floats(0.5, 3), min_size=1, max_size=40), st.floats(1, 10))
def test_lately_is_of_the_wanted_length_or_a_gap_more(gaps, length_s):
    kept, now = Snapshots(0.0, length_s), 0.0
    kept.add(snapshot(now))
    for gap in gaps:
        now += gap
        width_s = kept.lately(snapshot(now)).width_s
        kept.add(snapshot(now))
        assert width_s <= max(length_s + max(gaps), gap) + 1e-6
        assert width_s >= min(length_s, now) - 1e-6


def test_a_snapshot_is_due_a_gap_after_the_last():
    kept = Snapshots(60.0, 240.0)
    assert kept.due(0.0)
    kept.add(snapshot(0.0))
    assert not kept.due(59.0)
    assert kept.due(60.0)
