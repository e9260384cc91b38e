"""Which CPUs and GPUs each replica gets."""

from __future__ import annotations

import os

import pytest

from amoeba.supervisor.resources import Assigner, available_gpus, this_machine
from amoeba.topology import Machine, Process, Topology, topology_problems


@pytest.fixture
def four_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")


def gpus(assigner: Assigner, share: float) -> str:
    return assigner.environment(Process("p", gpus=share))["CUDA_VISIBLE_DEVICES"]


def test_gpus_are_those_that_were_given():
    assert available_gpus({"CUDA_VISIBLE_DEVICES": "4, 5"}) == ["4", "5"]
    assert available_gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert available_gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == []


@pytest.mark.usefixtures("four_gpus")
def test_each_replica_gets_gpus_of_its_own():
    assigner = Assigner()
    assert [gpus(assigner, 1), gpus(assigner, 2), gpus(assigner, 1)] == ["4", "5,6", "7"]


@pytest.mark.usefixtures("four_gpus")
def test_shares_of_one_gpu_are_packed_and_never_straddle_two():
    assigner = Assigner()
    assert [gpus(assigner, 0.5) for _ in range(3)] == ["4", "4", "5"]
    assert gpus(assigner, 0.75) == "6"
    assert gpus(assigner, 1) == "7"


def test_a_process_without_gpus_sees_what_the_environment_says():
    assert "CUDA_VISIBLE_DEVICES" not in Assigner().environment(Process("p"))


def test_cpus_are_handed_out_in_turn():
    assigner, mine = Assigner(), sorted(os.sched_getaffinity(0))
    first = assigner.cpus(Process("p", cpus=1))
    assert set(first) <= set(mine)
    assert assigner.cpus(Process("p")) == ()
    every = assigner.cpus(Process("p", cpus=len(mine)))
    assert every == tuple(mine)


def test_numeric_libraries_are_kept_to_the_cpus():
    environment = Assigner().environment(Process("p", cpus=2, environment={"MKL_NUM_THREADS": "1"}))
    assert environment["OMP_NUM_THREADS"] == "2"
    assert environment["MKL_NUM_THREADS"] == "1"


def test_this_machine_is_described():
    machine = this_machine()
    assert machine.cpus == len(os.sched_getaffinity(0))
    assert machine.memory_bytes > 1 << 30


def test_shares_count_against_the_gpus_there_are():
    topology = Topology("t", (Process("p", ("m",), replicas=3, gpus=0.5),))
    assert topology_problems(topology, {"m": "none"}, Machine(4, 2, 1 << 40)) == []
    packed = Topology("t", (Process("p", ("m",), replicas=3, gpus=0.6),))
    assert len(topology_problems(packed, {"m": "none"}, Machine(4, 2, 1 << 40))) == 1
    (problem,) = topology_problems(topology, {"m": "none"}, Machine(4, 1, 1 << 40))
    assert problem.what == "GPUs asked for: 1.5; on this machine: 1"
