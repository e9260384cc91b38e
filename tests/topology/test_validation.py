"""What keeps a topology from running: placement, state, and what the machine offers."""

from __future__ import annotations

import pytest

from amoeba.errors import render_problems
from amoeba.topology import GATEWAY, MAIN, Machine, Process, Topology, topology_problems

STATES = {GATEWAY: "none", "a": "none", "one": "exclusive", "cart": "keyed"}
GIB = 2**30
MACHINE = Machine(cpus=4, gpus=2, memory_bytes=8 * GIB)


def shown(*processes: Process, machine: Machine | None = None) -> str:
    return render_problems(topology_problems(Topology("t", processes), STATES, machine))


def test_a_topology_that_can_run_has_no_problem():
    processes = (
        Process("p", ("a", "cart"), replicas=4),
        Process("q", ("one", GATEWAY), cpus=4, gpus=1, memory_bytes=8 * GIB),
    )
    assert shown(*processes) == ""
    assert shown(*processes, machine=MACHINE) == ""


def test_an_unknown_module_is_named_with_the_nearest():
    assert shown(Process("p", ("crat", "a"))) == (
        "topologies.t.processes.p.modules: unknown module 'crat'\n"
        "  expected: a name under [modules], or 'gateway'\n"
        "  hint: did you mean 'cart'?"
    )


def test_each_unknown_module_is_a_problem():
    problems = topology_problems(Topology("t", (Process("p", ("x", "y")),)), STATES)
    assert [p.what for p in problems] == ["unknown module 'x'", "unknown module 'y'"]


def test_a_module_has_one_process():
    assert shown(Process("p", ("a",)), Process("q", ("a",))) == (
        "topologies.t.processes.q.modules: module 'a' is placed twice: here and in 'p'\n"
        "  hint: to run several copies, set `replicas` of one process"
    )


def test_a_module_placed_three_times_is_two_problems_that_name_the_first_place():
    processes = tuple(Process(name, ("a",)) for name in "pqr")
    problems = topology_problems(Topology("t", processes), STATES)
    assert [(p.where[-9:-8], p.what[-3:]) for p in problems] == [("q", "'p'"), ("r", "'p'")]


def test_an_exclusive_module_has_one_replica():
    assert shown(Process("p", ("a", "one"), replicas=2)) == (
        "topologies.t.processes.p.replicas: 2 replicas of 'one', whose state is exclusive\n"
        "  expected: 1: there must never be two copies of it\n"
        "  hint: move 'one' to a process of its own"
    )


def test_an_exclusive_module_alone_is_not_told_to_move_to_a_process_of_its_own():
    (problem,) = topology_problems(
        Topology("t", (Process("p", ("one",), replicas=2),)), {"one": "exclusive"}
    )
    assert "of its own" not in problem.hint


def test_an_exclusive_module_that_is_left_for_main_has_one_replica_too():
    topology = Topology("t", (Process(MAIN, ("a",), replicas=2),))
    assert [p.where for p in topology_problems(topology, STATES)] == [
        "topologies.t.processes.main.replicas"
    ]


def test_a_keyed_module_may_have_replicas():
    assert shown(Process("p", ("cart",), replicas=3)) == ""


def test_a_process_without_modules_is_a_problem_unless_it_is_main():
    assert shown(Process("p")) == (
        "topologies.t.processes.p: process 'p' has no modules\n"
        '  expected: modules = ["…"]'
    )  # fmt: skip
    assert shown(Process(MAIN, cpus=2)) == ""


@pytest.mark.parametrize("replicas", [0, -1])
def test_there_is_at_least_one_replica(replicas):
    assert shown(Process("p", ("a",), replicas=replicas)) == (
        f"topologies.t.processes.p.replicas: replicas = {replicas}\n  expected: 1 or more"
    )


def test_without_a_machine_its_resources_are_not_looked_at():
    assert shown(Process("p", ("a",), cpus=999, gpus=9, memory_bytes=2**60)) == ""


def test_a_process_wants_no_more_cpus_than_there_are():
    assert shown(Process("p", ("a",), cpus=5), machine=MACHINE) == (
        "topologies.t.processes.p.cpus: cpus = 5, this machine has 4\n  expected: at most 4"
    )


def test_a_process_wants_no_more_memory_than_there_is():
    wanted = 8 * GIB + 1
    assert shown(Process("p", ("a",), memory_bytes=wanted), machine=MACHINE) == (
        f"topologies.t.processes.p.memory: memory = {wanted} bytes, "
        f"this machine has {8 * GIB}\n"
        "  expected: no more than the machine has"
    )


def test_gpus_are_counted_over_all_replicas_and_processes():
    processes = (Process("p", ("a",), gpus=0.5, replicas=3), Process("q", ("cart",), gpus=1))
    assert shown(*processes, machine=MACHINE) == (
        "topologies.t.processes.p.gpus: GPUs asked for: 1.5; on this machine: 2\n"
        "  expected: no more GPUs, over all processes, than the machine has\n"
        "  hint: set gpus = 0, or run this topology where the GPUs are\n"
        "topologies.t.processes.q.gpus: GPUs asked for: 1; on this machine: 2\n"
        "  expected: no more GPUs, over all processes, than the machine has\n"
        "  hint: set gpus = 0, or run this topology where the GPUs are\n"
        "2 problems"
    )


def test_shares_of_a_gpu_may_fill_it():
    assert shown(Process("p", ("a",), gpus=0.5, replicas=4), machine=MACHINE) == ""


def test_a_machine_without_a_gpu_says_none():
    text = shown(Process("p", ("a",), gpus=1), machine=Machine(4, 0, GIB))
    assert text.startswith(
        "topologies.t.processes.p.gpus: GPUs asked for: 1; on this machine: none\n"
    )
    assert shown(Process("p", ("a",)), machine=Machine(4, 0, GIB)) == ""


def test_all_problems_are_found_at_once():
    processes = (
        Process("p", ("a", "one", "nobody"), replicas=2, cpus=9),
        Process("q", ("a",), replicas=0, memory_bytes=2**50),
        Process("r", gpus=3),
    )
    problems = topology_problems(Topology("t", processes), STATES, MACHINE)
    assert sorted(p.where.removeprefix("topologies.t.processes.") for p in problems) == [
        "p.cpus",
        "p.modules",
        "p.replicas",
        "q.memory",
        "q.modules",
        "q.replicas",
        "r",
        "r.gpus",
    ]
