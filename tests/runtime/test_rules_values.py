"""The rules of a call that concern values, the same wherever the callee runs."""

from __future__ import annotations

import contextvars
import os

import numpy as np
import pytest

import amoeba
from amoeba.runtime.services import trace_context


def test_an_answer_comes_back(rig):
    assert rig.run(rig.probe.add([1], 2)) == [1, 2]


def test_defaults_and_keyword_only_parameters_arrive(rig):
    probe = rig.probe
    assert rig.run(probe.optional(1)) == [1, 2, 3]
    assert rig.run(probe.optional(1, c=5)) == [1, 2, 5]
    assert rig.run(probe.optional(b=4, a=1)) == [1, 4, 3]


def test_the_callee_runs_where_the_topology_says(rig):
    assert (rig.run(rig.probe.pid()) == os.getpid()) == (rig.mode != "remote")


def test_the_caller_owns_what_it_passed(rig):
    mine = [1]
    rig.run(rig.probe.add(mine, 2))
    # A local call in production is a plain call; strict mode shows what another process would do.
    assert mine == ([1] if rig.crosses else [1, 2])


def test_the_callee_owns_what_it_returned(rig):
    first = rig.run(rig.probe.add([], 1))
    first.append(99)
    assert rig.run(rig.probe.kept()) == ([1] if rig.crosses else [1, 99])


def test_context_variables_do_not_cross(rig):
    from rules.probe import TAG

    async def call() -> str:
        TAG.set("mine")
        return await rig.probe.tag()

    context = contextvars.copy_context()
    seen = context.run(lambda: rig.run(call()))
    assert seen == ("unset" if rig.crosses else "mine")


def test_a_subclass_arrives_as_the_declared_type(rig):
    from rules.probe import NamedPoint

    seen = rig.run(rig.probe.type_of(NamedPoint(1, 2, "here")))
    assert seen == ("Point" if rig.crosses else "NamedPoint")


def test_arrays_arrive_read_only(rig):
    assert rig.run(rig.probe.is_writeable(np.zeros(3))) is not rig.crosses
    assert rig.run(rig.probe.is_writeable(np.zeros(100_000))) is not rig.crosses


def test_an_array_of_64_mb_crosses_and_comes_back(rig):
    array = np.arange(8_000_000, dtype=np.float64)
    scaled = rig.run(rig.probe.scale(array, 2.0))
    assert scaled.nbytes == 64_000_000
    assert np.array_equal(scaled, array * 2)
    assert scaled.flags.writeable is not rig.crosses


def test_large_bytes_cross(rig):
    data = bytes(range(256)) * 200_000  # 51 MB: more than a frame may hold
    assert rig.run(rig.probe.reverse(data)) == data[::-1]


def test_a_wrong_argument_is_the_callers_error(rig):
    if not rig.crosses:
        pytest.skip("a plain local call does not look at types")
    with pytest.raises(amoeba.ContractError, match=r"probe\.add: Expected `int`, got `str`"):
        rig.run(rig.probe.add([1], "two"))


def test_a_missing_argument_is_a_type_error(rig):
    with pytest.raises(TypeError, match="items"):
        rig.run(rig.probe.add(item=2))


def test_an_answer_that_cannot_be_encoded_is_a_contract_error(rig):
    if not rig.crosses:
        assert type(rig.run(rig.probe.unencodable())) is object
        return
    with pytest.raises(amoeba.ContractError, match=r"builtins\.object cannot cross"):
        rig.run(rig.probe.unencodable())
    assert rig.run(rig.probe.optional(1)) == [1, 2, 3]


def test_trace_context_goes_with_the_call(rig):
    async def call() -> str | None:
        trace_context.set("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        return await rig.probe.trace()

    # The span that the caller belongs to, or that of this very call when it is looked at.
    assert rig.run(call()).split("-")[1] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_threaded_method_runs_in_a_worker_thread(rig):
    assert rig.run(rig.probe.thread()).startswith("amoeba-worker")


def test_a_keyed_module_serves_each_key_in_one_replica(rig):
    sessions = rig.app.get("sessions")

    async def visit_all() -> tuple[list[int], dict[str, set[int]]]:
        users = [f"user-{n}" for n in range(20)]
        visits = [await sessions.visit(user) for user in users for _ in range(3)]
        pids = {user: {await sessions.pid(user) for _ in range(3)} for user in users}
        return visits, pids

    visits, pids = rig.run(visit_all())
    assert [v - (visits[0] - 1) for v in visits[:3]] == [1, 2, 3]
    assert all(len(seen) == 1 for seen in pids.values())
    replicas = set.union(*pids.values())
    assert len(replicas) == (2 if rig.mode == "remote" else 1)
