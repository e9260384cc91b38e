"""A connection to the supervisor, typed as the control contract."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from amoeba.contract import ExceptionCodec, describe, fingerprint, read_contract
from amoeba.evidence import Edge
from amoeba.runtime.channels import WireChannel
from amoeba.runtime.control import MODULE, Supervision
from amoeba.runtime.handles import Handle, bind
from amoeba.runtime.routing import Endpoint, Pool
from amoeba.runtime.stubs import StubFactory
from amoeba.wire import Hello, Holding, Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from amoeba.contract import Method


class SupervisorLink:
    """Calls the supervisor of a run at `address`; `token` is the run's secret."""

    def __init__(self, application: str, address: str, token: str, caller: str) -> None:
        contract = read_contract(Supervision, MODULE)
        limits = Limits()
        hello = Hello(application, MODULE, fingerprint(contract), token, caller)
        self._pool = Pool(hello, limits, Holding(limits.held_bytes), describe(contract))
        self._pool.update([Endpoint(MODULE, address)], "")
        stubs = StubFactory(
            MODULE,
            contract,
            WireChannel(self._pool),
            ExceptionCodec(Supervision.__module__),
            asyncio.get_running_loop(),
        )

        def target(method: Method) -> Callable[..., object]:
            return stubs.stub(method.name)

        handle = Handle(contract, target)
        edge = Edge(caller, MODULE, "")
        bind(handle, stubs.stub, lambda _: edge)
        self.supervision = cast("Supervision", handle)

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()
