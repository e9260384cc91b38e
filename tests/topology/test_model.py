"""A topology as data: what is placed, and what is left for `main`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.topology import GATEWAY, MAIN, MONOLITH, Process, Topology

PARTS = (GATEWAY, "a", "b", "c")
names = st.sampled_from(["p", "q", MAIN])


def placed(topology: Topology) -> dict[str, tuple[str, ...]]:
    return {process.name: process.modules for process in topology.processes}


def test_a_process_is_one_replica_without_bounds():
    process = Process("p")
    assert (process.replicas, process.cpus, process.gpus) == (1, None, 0.0)
    assert (process.memory_bytes, process.python, process.environment) == (None, None, {})
    assert process.modules == ()


def test_the_reserved_words():
    assert (GATEWAY, MAIN, MONOLITH) == ("gateway", "main", "monolith")


def test_a_topology_that_places_nothing_runs_all_in_main():
    assert placed(Topology("t").complete(PARTS)) == {MAIN: PARTS}


def test_what_is_not_placed_goes_to_main_which_comes_first():
    topology = Topology("t", (Process("p", ("b",)), Process("q", ("c",))))
    completed = topology.complete(PARTS)
    assert placed(completed) == {MAIN: (GATEWAY, "a"), "p": ("b",), "q": ("c",)}
    assert [process.name for process in completed.processes] == [MAIN, "p", "q"]


def test_a_topology_that_places_everything_needs_no_main():
    topology = Topology("t", (Process("p", ("b", "a")), Process("q", ("c", GATEWAY))))
    assert topology.complete(PARTS) == topology


def test_main_keeps_what_it_was_given():
    main = Process(MAIN, ("b",), replicas=2, cpus=3, environment={"X": "1"})
    completed = Topology("t", (Process("p", ("c",)), main)).complete(PARTS)
    first = completed.processes[0]
    assert first.modules == ("b", GATEWAY, "a")
    assert (first.name, first.replicas, first.cpus, first.environment) == (MAIN, 2, 3, {"X": "1"})


def test_main_stays_where_nothing_is_left_for_it():
    topology = Topology("t", (Process("p", ("a",)), Process(MAIN, ("b",))))
    assert placed(topology.complete(("a", "b"))) == {MAIN: ("b",), "p": ("a",)}


def test_completing_leaves_the_topology_as_written():
    topology = Topology("t", (Process("p", ("b",)),))
    topology.complete(PARTS)
    assert placed(topology) == {"p": ("b",)}


def test_an_application_without_parts_has_no_process():
    assert Topology("t").complete(()).processes == ()


def test_a_part_is_found_in_its_process():
    topology = Topology("t", (Process("p", ("b",)),)).complete(PARTS)
    assert topology.process_of("b").name == "p"
    assert topology.process_of(GATEWAY).name == MAIN
    assert topology.process_of("nothing") is None


@pytest.mark.parametrize("value", [Process("p"), Topology("t")])
def test_what_was_read_does_not_change(value):
    with pytest.raises(AttributeError):
        value.name = "x"


@given(st.dictionaries(st.sampled_from(PARTS), names))
def test_a_complete_topology_has_every_part_exactly_once(placement):
    processes = [
        Process(name, tuple(part for part, where in placement.items() if where == name))
        for name in dict.fromkeys(placement.values())
    ]
    completed = Topology("t", tuple(processes)).complete(PARTS)
    assert sorted(m for process in completed.processes for m in process.modules) == sorted(PARTS)
    for part, name in placement.items():
        assert completed.process_of(part).name == name
    assert completed.complete(PARTS) == completed
