"""The generator against a server of known behaviour, in a process of its own."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from harness import fetch

from amoeba.load import Generator, Unreachable, make_report

ONE = '[requests.one]\npath = "{path}"\n\n'


def one(path: str, rate: float, duration: float, more: str = "") -> str:
    arrivals = f'[arrivals]\nkind = "constant"\nrate = {rate}\nduration = {duration}\n{more}\n'
    return ONE.format(path=path) + arrivals


def share_slower_than(report, ms: float) -> float:
    slow = sum(count for latency, count in report.distribution if latency > ms)
    return slow / report.overall.arrived


def test_a_known_latency_is_measured(measure):
    report = measure(one("/slow?s=0.05", 100, 0.5))
    assert (report.overall.arrived, report.overall.succeeded) == (50, 50)
    assert 49 <= report.overall.latency["p50"].value <= 150
    assert report.overall.statuses == {200: 50}
    assert report.overall.intended_per_s == 100


@pytest.mark.parametrize("rate", [100, 400])
def test_a_stall_hits_all_who_arrive_meanwhile(measure, rate):
    """Two tenths of 0.8 s: a quarter of the requests, whose waits are evenly spread over it.

    A client that waits for answers would see it once. A busy machine only adds to the shares.
    """
    report = measure(one(f"/stall?run={rate}&after=0.3&s=0.2", rate, 0.8))
    assert report.overall.failed == 0
    assert share_slower_than(report, 100) > 1 / 8 - 0.03
    assert share_slower_than(report, 40) > 1 / 5 - 0.03
    assert report.overall.max_ms > 180


def test_failures_are_told_apart_and_count_as_slowest(measure):
    text = (
        '[target]\ntimeout = 0.2\n\n[arrivals]\nkind = "constant"\nrate = 400\nduration = 0.5\n\n'
        '[requests.good]\npath = "/"\nweight = 8\n\n[requests.bad]\npath = "/status/503"\n\n'
        '[requests.away]\npath = "/status/302"\n\n'
        '[requests.late]\npath = "/slow?s=3"\n\n'
        '[requests.gone]\npath = "/status/404"\nexpect = 404\n'
    )
    report = measure(text)
    by_name = {each.name: each for each in report.requests}
    assert set(by_name["bad"].failures) == {"status 503"}
    assert set(by_name["away"].failures) == {"status 302"}
    assert set(by_name["late"].failures) == {"timeout"}
    assert (by_name["gone"].failed, by_name["good"].failed) == (0, 0)
    assert by_name["late"].latency["p50"].value is None
    assert report.overall.latency["p50"].value is not None
    assert report.overall.latency["p99"].value is None
    assert report.overall.failed == sum(each.failed for each in report.requests)
    assert 0.1 < report.overall.error_rate < 0.5


def test_what_is_sent_is_what_the_scenario_says(measure, tmp_path, url):
    (tmp_path / "rows.jsonl").write_text(
        '{"text": "a \\"b\\"", "id": 1}\n{"text": "ü/?", "id": 2}\n'
    )
    fetch(f"{url}/seen")
    measure(
        '[requests.one]\nmethod = "PUT"\npath = "/keep/{text}?n={@number}"\ndata = "rows.jsonl"\n'
        'json = { text = "{text}", id = "{id}" }\nheaders = { x-id = "{id}" }\n\n'
        '[arrivals]\nkind = "constant"\nrate = 30\nduration = 0.1\n'
    )
    seen = fetch(f"{url}/seen").json()
    assert {each["path"] for each in seen} == {
        "/keep/a%20%22b%22?n=0", "/keep/%C3%BC%2F%3F?n=1", "/keep/a%20%22b%22?n=2"
    }  # fmt: skip
    assert {each["body"] for each in seen} == {
        '{"text":"a \\"b\\"","id":1}',
        '{"text":"ü/?","id":2}',
    }
    assert {each["headers"]["x-id"] for each in seen} == {"1", "2"}


def test_weights_are_kept_and_the_warm_up_is_not_counted(measure, url):
    fetch(f"{url}/seen")
    report = measure(
        '[requests.often]\npath = "/keep/often"\nweight = 3\n\n'
        '[requests.rare]\npath = "/keep/rare"\n\n'
        '[arrivals]\nkind = "constant"\nrate = 800\nduration = 0.5\nwarm_up = 0.25\n'
    )
    assert report.overall.arrived == 400
    assert len(fetch(f"{url}/seen").json()) == 600
    rare = next(each for each in report.requests if each.name == "rare")
    assert rare.arrived == pytest.approx(100, abs=30)


def test_more_at_once_than_allowed_are_failures(measure):
    report = measure(one("/slow?s=0.5", 100, 0.5), max_in_flight=10)
    assert report.overall.failures == {"too many in flight": 40}
    assert report.overall.succeeded == 10


def test_a_busy_generator_says_that_it_was_the_bottleneck(measure):
    def busy(elapsed_s, recording):
        until = time.monotonic() + 0.1
        while time.monotonic() < until:
            pass
        return False

    report = measure(one("/", 100, 0.7), watch=busy)
    assert "it sent requests late: p" in report.generator.bottleneck
    assert report.generator.sent_late.max_ms > 50
    # 100 ms of 700 hit ten arrivals, of which only one had been sent when they began.
    assert share_slower_than(report, 20) > 0.06


def test_a_busy_cpu_is_a_bottleneck_too(measure):
    done = threading.Event()

    def burn():
        while not done.is_set():
            pass

    thread = threading.Thread(target=burn)
    thread.start()
    try:
        report = measure(one("/", 40, 0.5))
    finally:
        done.set()
        thread.join()
    assert report.generator.bottleneck != ""


def test_stopping_keeps_what_was_found(scenario):
    async def run():
        generator = None

        def watch(elapsed_s, recording):
            generator.interrupt()
            return False

        generator = Generator(found, watch)
        return await asyncio.wait_for(generator.run(), 10)

    found = scenario(one("/hang", 50, 600))
    report = make_report(found, asyncio.run(run()))
    assert report.interrupted
    assert report.overall.arrived == report.overall.unfinished > 0
    assert report.duration_s < 5


def test_nobody_at_the_target_is_said_before_anything_is_sent(measure):
    with pytest.raises(Unreachable) as caught:
        measure(one("/", 10, 1), url="http://127.0.0.1:1")
    assert str(caught.value).startswith("nothing answers at http://127.0.0.1:1: Connection refused")


def test_connections_that_break_are_counted(scenario):
    async def run():
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            found = scenario(one("/", 20, 0.5), url=f"http://127.0.0.1:{port}")
            return make_report(found, await Generator(found).run())

    report = asyncio.run(run())
    assert report.overall.failures == {"connection lost": 10}
