"""What hosts report adds up, over intervals and over processes that end and begin."""

from __future__ import annotations

from typing import Any

from amoeba.evidence import EdgeTotals, ProcessTotals, Span
from amoeba.runtime import Report
from amoeba.supervisor.collector import Collector


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def edge(calls: int, method: str = "price", **more: Any) -> EdgeTotals:
    return EdgeTotals("web", "shop", method, calls, {}, 0, {100: calls} if calls else {}, **more)


def report(*edges: EdgeTotals, cpu_ns: int = 0, spans: tuple[Span, ...] = ()) -> Report:
    return Report(list(edges), ProcessTotals(cpu_ns=cpu_ns), list(spans))


def calls(edges: list[EdgeTotals]) -> dict[str, int]:
    return {each.method: each.calls for each in edges}


def span(name: str) -> Span:
    return Span("1" * 32, "2" * 16, "", "web", "shop", name, "main.0", 0, 1)


def test_totals_are_of_all_replicas():
    collector = Collector()
    collector.take("a.0", 1, report(edge(3)))
    collector.take("b.0", 1, report(edge(4), edge(1, "stock")))
    assert calls(collector.totals()) == {"price": 7, "stock": 1}


def test_a_later_report_replaces_the_earlier_one():
    collector = Collector()
    collector.take("a.0", 1, report(edge(3)))
    collector.take("a.0", 1, report(edge(5)))
    assert calls(collector.totals()) == {"price": 5}


def test_what_a_process_had_counted_is_kept_when_it_is_started_anew():
    collector = Collector()
    collector.take("a.0", 1, report(edge(3)))
    collector.take("a.0", 2, report(edge(2)))
    assert calls(collector.totals()) == {"price": 5}


def test_an_interval_has_what_was_added_in_it():
    clock = Clock()
    collector = Collector(clock)
    collector.take("a.0", 1, report(edge(3), cpu_ns=10))
    clock.now += 10
    first = collector.interval()
    assert (first.start_s, first.width_s, calls(first.edges)) == (1000.0, 10.0, {"price": 3})
    assert first.processes["a.0"].cpu_ns == 10
    collector.take("a.0", 1, report(edge(8), cpu_ns=15))
    clock.now += 5
    second = collector.interval()
    assert (second.start_s, second.width_s, calls(second.edges)) == (1010.0, 5.0, {"price": 5})
    assert second.processes["a.0"].cpu_ns == 5
    assert calls(collector.interval().edges) == {}


def test_intervals_add_up_to_the_totals_over_restarts():
    collector = Collector()
    total = 0
    for generation in range(1, 4):
        for counted in (2, 5, 9):
            collector.take("a.0", generation, report(edge(counted)))
            if counted != 5:
                total += sum(calls(collector.interval().edges).values())
    collector.take("a.0", 4, report())
    total += sum(calls(collector.interval().edges).values())
    assert total == sum(calls(collector.totals()).values()) == 27


def test_spans_are_in_one_interval_each():
    collector = Collector()
    collector.take("a.0", 1, report(spans=(span("one"),)))
    collector.take("a.0", 1, report(spans=(span("two"),)))
    assert [each.method for each in collector.interval().spans] == ["one", "two"]
    assert collector.interval().spans == []


def test_calls_in_flight_in_a_process_that_is_gone_are_over():
    collector = Collector()
    busy = edge(1)
    busy.in_flight = 5
    collector.take("a.0", 1, report(busy))
    collector.take("a.0", 2, report())
    assert [each.in_flight for each in collector.totals()] == [0]


def test_what_a_process_used_is_kept_when_it_is_started_anew():
    collector = Collector()
    first = ProcessTotals(cpu_ns=10, rss_bytes=500, loop_lag={3: 1}, cpu_by_module={"shop": 4})
    second = ProcessTotals(cpu_ns=2, rss_bytes=300, loop_lag={3: 2}, cpu_by_module={"other": 1})
    collector.take("a.0", 1, Report([], first, []))
    collector.take("a.0", 2, Report([], second, []))
    assert collector.processes()["a.0"] == ProcessTotals(
        cpu_ns=12, rss_bytes=300, loop_lag={3: 3}, cpu_by_module={"shop": 4, "other": 1}
    )
    assert (first.cpu_ns, second.loop_lag) == (10, {3: 2})  # reports are not changed


def test_intervals_have_what_ended_processes_used():
    collector = Collector()
    used = []
    for generation, cpu_ns in ((1, 4), (1, 10), (2, 3), (3, 5), (3, 6)):
        collector.take("a.0", generation, report(cpu_ns=cpu_ns))
        if cpu_ns in (4, 5):
            used.append(collector.interval().processes["a.0"].cpu_ns)
    used.append(collector.interval().processes["a.0"].cpu_ns)
    assert used == [4, 14, 1]
    assert sum(used) == collector.processes()["a.0"].cpu_ns


def test_lately_is_the_last_minutes():
    clock = Clock()
    collector = Collector(clock)
    assert collector.lately() is None
    for second in range(1, 1001):
        clock.now += 1
        collector.take("a.0", 1, report(edge(second * 2), cpu_ns=second * 3))
    lately = collector.lately()
    assert lately is not None
    assert 240 <= lately.width_s <= 300
    assert calls(lately.edges) == {"price": 2 * lately.width_s}
    assert lately.processes["a.0"].cpu_ns == 3 * lately.width_s


def test_lately_begins_with_the_run():
    clock = Clock()
    collector = Collector(clock)
    clock.now += 2
    collector.take("a.0", 1, report(edge(8)))
    clock.now += 2
    lately = collector.lately()
    assert lately is not None
    assert (lately.width_s, calls(lately.edges)) == (4, {"price": 8})
