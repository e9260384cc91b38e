"""Both event loops, both kinds of address, and a host that stays up while it is attacked."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from wire.peers import HostThread, run_on

from amoeba.wire import Address


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs a coroutine on each kind of loop."""
    return functools.partial(run_on, request.param)


@pytest.fixture
def unix(tmp_path: Path) -> Address:
    return Address(path=str(tmp_path / "s"))


@pytest.fixture(params=["unix", "tcp"])
def address(request: pytest.FixtureRequest, unix: Address) -> Address:
    return unix if request.param == "unix" else Address(host="127.0.0.1")


@pytest.fixture
def host(unix: Address) -> Iterator[HostThread]:
    with HostThread(unix) as host:
        yield host
        assert host.reported == []
