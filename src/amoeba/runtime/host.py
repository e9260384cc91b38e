"""The host: the modules of one replica, their handles, and the server through which others call.

States: `new → planned → starting → ready → draining → stopped`. Modules start after those they
need and stop in reverse.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from amoeba.app import Contracts, make_plan
from amoeba.contract import (
    Contract,
    ExceptionCodec,
    Kind,
    Method,
    describe,
    fingerprint,
)
from amoeba.errors import AmoebaError, ConfigurationError, Problem, Unavailable, did_you_mean
from amoeba.evidence import Edge, Recorder
from amoeba.evidence.processes import ProcessRecorder
from amoeba.runtime.channels import StrictChannel, WireChannel
from amoeba.runtime.control import Need, Report
from amoeba.runtime.current import current
from amoeba.runtime.handles import RECORDED, Handle, bind
from amoeba.runtime.payloads import PayloadRecorder
from amoeba.runtime.router import Router
from amoeba.runtime.routing import Pool
from amoeba.runtime.services import ModuleService
from amoeba.runtime.sizes import ModuleSizes
from amoeba.runtime.stubs import StubFactory
from amoeba.runtime.unrecorded import UNRECORDED
from amoeba.topology import GATEWAY
from amoeba.wire import Address, Hello, Holding, Server, bound_address, listen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from amoeba.app import Application, ModulePlan, Plan
    from amoeba.runtime.handles import Cell


class StartError(AmoebaError):
    """A module of the user's could not be made or entered; the cause says why."""

    module: str

    def __init__(self, module: str) -> None:
        self.module = module
        super().__init__(module)

    def __str__(self) -> str:
        return f"module {self.module!r} failed to start"


async def _ignore(_part: str) -> None:
    """Nobody needs to know."""


class Host:
    """Runs the named modules of an application in this process."""

    def __init__(
        self,
        application: Application,
        modules: Iterable[str],
        *,
        name: str = "main.0",
        strict: bool = False,
        token: str = "",
    ) -> None:
        self.application, self.name, self.strict = application, name, strict
        self.records = application.evidence.record
        self.recorder = Recorder()
        self.process = ProcessRecorder(self._code_owner)
        wanted = application.evidence.payloads
        self.payloads = PayloadRecorder(wanted) if wanted.routes else None
        self.router = Router()
        self.loop = asyncio.get_running_loop()
        self.needs: dict[tuple[str, str], Need] = {}
        self._modules = [module for module in modules if module != GATEWAY]
        self._contracts = Contracts(application)
        self._token = token
        self._holding = Holding(application.limits.held_bytes)
        self._services: dict[str, ModuleService] = {}
        self._implementations: dict[str, object] = {}
        self._stubs: dict[str, StubFactory] = {}
        self._handles: dict[tuple[str, str], Handle] = {}
        self._server = Server(
            application.name, self._services, application.limits, self._holding, token
        )
        self._stack = AsyncExitStack()
        self._plan: Plan | None = None

    def plan(self) -> None:
        """Read the code of the modules placed here. Raises ConfigurationError, once, with all."""
        current.attach(self)
        self._plan = make_plan(self.application, self._contracts, self._modules, os.environ)
        for name, module in self._plan.modules.items():
            for needed in module.dependencies.values():
                self.needs[name, needed] = Need(name, needed, at_start=True)
        problems = [
            problem for module in {need.module for need in self.needs.values()}
            for problem in self._crossing_problems(module)
        ]  # fmt: skip
        if problems:
            raise ConfigurationError(problems)

    async def start(self, on_ready: Callable[[str], Awaitable[None]] = _ignore) -> None:
        """Make and enter every module, each after what it needs. Raises StartError."""
        if self._plan is None:
            self.plan()
        assert self._plan is not None  # noqa: S101 - `plan` sets it or raises
        if self.records:
            self.process.start(self.loop)
        began = time.perf_counter_ns()
        for name, module in self._plan.modules.items():
            for needed in module.dependencies.values():
                await self.reachable(needed)
            await self._start_module(name, module)
            await on_ready(name)
        self.process.started(time.perf_counter_ns() - began)

    async def serve(self, address: Address) -> Address:
        """Let other processes call the modules here; returns where."""
        sock = listen(address)
        await self._server.start(sock)
        return bound_address(sock)

    async def reachable(self, module: str) -> None:
        """Wait until a module, here or elsewhere, can be called or is known to be down."""
        if module not in self._modules:
            await self.router.reachable(module)

    async def stop(self, drain_timeout_s: float = 0.0) -> None:
        """Answer the calls in flight, then leave the modules in reverse order."""
        try:
            if drain_timeout_s > 0:
                await self._server.drain(drain_timeout_s)
            else:
                await self._server.close()
        finally:
            try:
                await self._stack.aclose()
            finally:
                self.process.stop()
                self.router.close()
                current.detach(self)

    @property
    def cells(self) -> Mapping[Kind, Cell]:
        """See `current.Binder`."""
        return RECORDED if self.records else UNRECORDED

    def handle(self, caller: str, module: str) -> Handle:
        """A handle of `module` for `caller`. Raises ConfigurationError."""
        if (caller, module) not in self._handles:
            handle = Handle(self._contract(module), _never, self.cells)
            self.bind(handle, caller, module)
            if module in self._modules and module not in self._implementations:
                return handle  # bound to a module that is still starting: not to be kept
            self._handles[caller, module] = handle
        return self._handles[caller, module]

    def bind(self, handle: Handle, caller: str, module: str) -> None:
        """See `current.Binder`."""
        self.note_need(caller, module)
        if problems := self._crossing_problems(module):
            raise ConfigurationError(problems)
        recorder = self.recorder if self.records else None

        sizes = ModuleSizes(self._contract(module), module)

        def edge_of(method: str) -> Edge:
            edge = (recorder.edge if recorder else Edge)(caller, module, method)
            edge.replica = self.name if module in self._modules else ""
            edge.crosses = self.strict or not edge.replica
            edge.sizes = sizes.method(method)
            return edge

        bind(handle, lambda method: self._target(module, method), edge_of)

    def note_need(self, caller: str, module: str) -> None:
        """Remember that `caller` calls `module`; nothing is imported for it."""
        self.needs.setdefault((caller, module), Need(caller, module))

    def blocking_modules(self) -> tuple[str, ...]:
        """The modules here of which a method blocks its caller."""
        plans = self._plan.modules.items() if self._plan else ()
        return tuple(
            name
            for name, plan in plans
            if any(method.kind is Kind.BLOCKING for method in plan.contract.methods.values())
        )

    def provider(self, contract: Any, name: str) -> str:
        """See `current.Binder`."""
        providers = self._contracts.providers(contract)
        shown = getattr(contract, "__qualname__", contract)
        if name in providers or (len(providers) == 1 and not name):
            return name or providers[0]
        if name or not providers:
            what = f"no module {name!r} keeps {shown}" if name else f"no module provides {shown}"
            hint = did_you_mean(name, providers) or "add [modules.NAME] with that contract"
        else:
            what = f"several modules keep {shown}: {', '.join(providers)}"
            hint = f'name one: amoeba.use({shown}, "{providers[0]}")'
        raise ConfigurationError([Problem(what=what, where="amoeba.use", hint=hint)])

    def take_back(self, report: Report) -> None:
        """It could not be told: its spans and recorded requests are told of with the next one."""
        for span in report.spans:
            self.recorder.keep(span)
        if self.payloads is not None:
            self.payloads.take_back(report.payloads)

    def report(self) -> Report:
        """What was measured here; spans and payloads are told of once."""
        return Report(
            self.recorder.totals(),
            self.process.totals(),
            self.recorder.take_spans(),
            self.payloads.take() if self.payloads is not None else [],
        )

    def caller(self, code_module: str) -> str:
        """See `current.Binder`: the module that the code belongs to, otherwise the gateway."""
        return self._code_owner(code_module) or GATEWAY

    def _code_owner(self, code_module: str) -> str:
        """The module with the longest package that holds the code; the gateway for its own."""
        best, owner = "", ""
        package = self.application.gateway.partition(":")[0]
        if package and f"{code_module}.".startswith(f"{package}."):
            best, owner = package, GATEWAY
        for name, spec in self.application.modules.items():
            for named in (spec.implementation, spec.contract):
                package = named.partition(":")[0]
                inside = f"{code_module}.".startswith(f"{package}.")
                if package and inside and len(package) > len(best):
                    best, owner = package, name
        return owner

    def check_module(self, module: str) -> None:
        """Raise ConfigurationError when there is no such module."""
        if module not in self.application.modules:
            hint = did_you_mean(module, self.application.modules)
            problem = Problem(what=f"unknown module {module!r}", where="amoeba.use", hint=hint)
            raise ConfigurationError([problem])

    def _contract(self, module: str) -> Contract:
        self.check_module(module)
        return self._contracts.of(module)

    def _crossing_problems(self, module: str) -> tuple[Problem, ...]:
        """What keeps a module's contract from crossing, where it has to."""
        crosses = self.strict or module not in self._modules
        return self._contract(module).crossing_problems if crosses else ()

    async def _start_module(self, name: str, plan: ModulePlan) -> None:
        handles = {p: self.handle(name, module) for p, module in plan.dependencies.items()}
        try:
            implementation = plan.implementation(**plan.arguments, **handles)
            await self._enter(implementation)
        except Exception as error:
            raise StartError(name) from error
        self._implementations[name] = implementation
        exceptions = self._exceptions(name, plan.contract)
        self._services[name] = ModuleService(
            name,
            plan.contract,
            implementation,
            exceptions,
            self.recorder if self.records else None,
            self.name,
        )

    async def _enter(self, implementation: object) -> None:
        if hasattr(type(implementation), "__aenter__"):
            await self._stack.enter_async_context(implementation)  # type: ignore[arg-type]  # asked above
        elif hasattr(type(implementation), "__enter__"):
            self._stack.enter_context(implementation)  # type: ignore[arg-type]  # asked above

    def _target(self, module: str, method: str) -> Callable[..., Any]:
        if module in self._modules and module not in self._implementations:
            return self._starting(module, self._contract(module).methods[method])
        if module in self._implementations and not self.strict:
            function: Callable[..., Any] = getattr(self._implementations[module], method)
            return function
        if module not in self._stubs:
            self._stubs[module] = self._stub_factory(module)
        return self._stubs[module].stub(method)

    def _starting(self, module: str, method: Method) -> Callable[..., Any]:
        """The target of a handle that was made before its module: found at the call."""

        async def unary(*args: Any, **kwargs: Any) -> Any:
            return await self._started_target(module, method)(*args, **kwargs)

        def other(*args: Any, **kwargs: Any) -> Any:
            return self._started_target(module, method)(*args, **kwargs)

        return unary if method.kind is Kind.UNARY else other

    def _started_target(self, module: str, method: Method) -> Callable[..., Any]:
        if module not in self._implementations:
            raise Unavailable(module, "it is starting")
        return self._target(module, method.name)

    def _stub_factory(self, module: str) -> StubFactory:
        contract = self._contract(module)
        spec = self.application.modules[module]
        if module in self._services:
            service, limits = self._services[module], self.application.limits
            channel: WireChannel | StrictChannel = StrictChannel(service, limits)
        else:
            channel = WireChannel(self.router.pool(module, lambda: self._pool(module, contract)))
        key = spec.key if spec.state == "keyed" else None
        exceptions = self._exceptions(module, contract)
        return StubFactory(module, contract, channel, exceptions, self.loop, key)

    def _pool(self, module: str, contract: Contract) -> Pool:
        hello = Hello(self.application.name, module, fingerprint(contract), self._token, self.name)
        keyed = self.application.modules[module].state == "keyed"
        limits = self.application.limits
        return Pool(hello, limits, self._holding, describe(contract), keyed=keyed)

    def _exceptions(self, module: str, contract: Contract) -> ExceptionCodec:
        return ExceptionCodec(contract.cls.__module__, self.application.modules[module].raises)


def _never(method: Method) -> Callable[..., Any]:
    """The target of a handle between its making and its binding: never called."""
    raise_for = method.name

    def target(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError(raise_for)

    return target
