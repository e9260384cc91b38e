"""`amoeba.use`: lazy handles, bound to the host of this process when there is one.

A gateway makes its handles at import, before any module runs and perhaps before a host exists.
Such a handle binds when the host has started, or at its first call. This is the one place in
Amoeba that holds the process's host, because an import has nobody to pass it on.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, get_origin

from amoeba.contract import Kind, Method, read_contract
from amoeba.errors import ConfigurationError, Problem
from amoeba.evidence import Edge
from amoeba.runtime.handles import Handle, bind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from typing_extensions import TypeForm

    from amoeba.runtime.handles import Cell

T = TypeVar("T")


class Binder(Protocol):
    """What `use` needs of a host."""

    loop: asyncio.AbstractEventLoop

    @property
    def cells(self) -> Mapping[Kind, Cell]:
        """What the methods of its handles are made of."""

    def provider(self, contract: Any, name: str) -> str:
        """The module that is meant. Raises ConfigurationError."""

    def caller(self, code_module: str) -> str:
        """The module, or the gateway, that a Python module belongs to."""

    def bind(self, handle: Handle, caller: str, module: str) -> None:
        """Give a handle its targets."""

    def note_need(self, caller: str, module: str) -> None:
        """Remember that `caller` calls `module`."""

    def check_module(self, module: str) -> None:
        """Raise ConfigurationError when there is no such module."""

    def handle(self, caller: str, module: str) -> Handle:
        """A bound handle of `module`."""


class Current:
    """The host of this process, and the handles that wait for one."""

    def __init__(self) -> None:
        self.host: Binder | None = None
        self.lazy: weakref.WeakSet[LazyHandle | NamedHandle] = weakref.WeakSet()
        self.starting: asyncio.Task[Binder] | None = None
        self.only_looking = False  # `amoeba check` imports code that must not run anything
        self.providers: dict[tuple[Any, str], Callable[[], Any]] = {}
        self.lock = threading.Lock()  # protects `starting`

    def attach(self, host: Binder) -> None:
        """From now on, handles bind to `host`."""
        self.host = host

    def detach(self, host: Binder) -> None:
        """Forget `host`; its handles wait for the next one."""
        if self.host is host:
            self.host = self.starting = None
        for handle in list(self.lazy):
            handle.unbind(host)

    async def require(self) -> Binder:
        """The host; where there is none, one made from the nearest amoeba.toml, with a warning."""
        if self.host is None:
            self._refuse_while_looking()
            from amoeba.runtime.fallback import fallback_host

            return await fallback_host(self)
        return self.host

    def require_blocking(self) -> Binder:
        """The same for a thread that cannot await."""
        if self.host is None:
            self._refuse_while_looking()
            from amoeba.runtime.fallback import fallback_host_blocking

            return fallback_host_blocking(self)
        return self.host

    def _refuse_while_looking(self) -> None:
        if self.only_looking:
            problem = Problem(
                what="a handle was called while its module was being imported",
                where="amoeba.use",
                hint="call it in an endpoint, a method or the lifespan: at import nothing runs yet",
            )
            raise ConfigurationError([problem])


current = Current()


class LazyHandle(Handle):
    """A handle that finds its module when it is first called, or when the host has started."""

    def __init__(self, contract: Any, name: str, code_module: str) -> None:
        cells = None if current.host is None else current.host.cells
        super().__init__(read_contract(contract), self._unbound, cells)
        self._amoeba_asked = (contract, name, code_module)
        self._amoeba_host: Binder | None = None
        current.lazy.add(self)

    def bind(self, host: Binder) -> None:
        """Find the module and take its targets. Raises ConfigurationError."""
        host.bind(self, host.caller(self._amoeba_asked[2]), find_module(self, host))
        self._amoeba_host = host

    def unbind(self, host: Binder) -> None:
        """Wait for another host, when `host` was the one."""
        if self._amoeba_host is host:
            self._amoeba_host = None
            methods = self._amoeba_contract.methods
            edge = Edge("", "", "")
            bind(self, lambda name: self._unbound(methods[name]), lambda _: edge)

    def _unbound(self, method: Method) -> Callable[..., Any]:
        name = "_amoeba_call" if method.name == "__call__" else method.name

        async def unary(*args: Any, **kwargs: Any) -> Any:
            self.bind(await current.require())
            return await getattr(self, name)(*args, **kwargs)

        async def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            self.bind(await current.require())
            async for item in getattr(self, name)(*args, **kwargs):
                yield item

        def blocking(*args: Any, **kwargs: Any) -> Any:
            self.bind(current.require_blocking())
            return getattr(self, name)(*args, **kwargs)

        return {Kind.UNARY: unary, Kind.STREAM: stream, Kind.BLOCKING: blocking}[method.kind]


class NamedHandle:
    """A handle asked for by the module's name alone: its methods are known once it is bound."""

    def __init__(self, module: str, code_module: str) -> None:
        self._module, self._code_module = module, code_module
        current.lazy.add(self)

    def bind(self, host: Binder) -> None:
        """Say what is needed; the contract is only read when a method is asked for."""
        host.note_need(host.caller(self._code_module), find_module(self, host))

    def unbind(self, host: Binder) -> None:
        """Nothing is kept."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._handle(current.require_blocking()), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the contract's `__call__`."""
        return self._handle(current.require_blocking())(*args, **kwargs)

    def _handle(self, host: Binder) -> Handle:
        return host.handle(host.caller(self._code_module), self._module)


def find_module(handle: LazyHandle | NamedHandle, host: Binder) -> str:
    """The module that a handle asks for. Raises ConfigurationError when there is none."""
    if isinstance(handle, LazyHandle):
        contract, name, _ = handle._amoeba_asked  # noqa: SLF001 - this module's own class
        return host.provider(contract, name)
    host.check_module(handle._module)  # noqa: SLF001 - as above
    return handle._module  # noqa: SLF001 - as above


def use(contract: TypeForm[T] | str, name: str = "") -> T:
    """A handle of the module that keeps `contract`, typed as the contract.

    `name` tells apart modules that keep the same contract. A string asks for a module by name and
    needs no import. Nothing runs until a method is called.
    """
    code_module = _calling_module()
    if isinstance(contract, str):
        return cast("T", NamedHandle(contract, code_module))
    if not isinstance(get_origin(contract) or contract, type):
        what = f"{contract!r} is no class"
        hint = "pass the contract itself, not an instance of it: amoeba.use(Model)"
        raise ConfigurationError([Problem(what=what, where="amoeba.use", hint=hint)])
    return cast("T", LazyHandle(contract, name, code_module))


def provider(contract: TypeForm[T], name: str = "") -> Callable[[], Awaitable[T]]:
    """A dependency for FastAPI's `Depends` that gives the handle.

    The same arguments give the same function, so a test can override it.
    """
    key = (contract, name)
    if key not in current.providers:
        handle: T = cast("T", LazyHandle(contract, name, _calling_module()))

        async def provide() -> T:
            return handle

        current.providers[key] = provide
    return current.providers[key]


def blocking(handle: T) -> Any:
    """`handle` for a thread: its async methods wait for their answer, its streams iterate.

    Raises RuntimeError when used on the event loop's own thread, which would wait for itself.
    """
    if not isinstance(handle, Handle):
        problem = Problem(what=f"{handle!r} is no handle", where="amoeba.blocking")
        raise ConfigurationError([problem])
    return _Blocking(handle)


class _Blocking:
    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def __getattr__(self, name: str) -> Any:
        method = self._handle._amoeba_contract.methods.get(name)  # noqa: SLF001 - our own class
        function = getattr(self._handle, name)
        if method is None or method.kind is Kind.BLOCKING:
            return function
        if method.kind is Kind.STREAM:
            return functools.partial(_iterate, function)
        return functools.partial(_wait, function)


def _wait(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    loop = _host_loop()
    return asyncio.run_coroutine_threadsafe(function(*args, **kwargs), loop).result()


def _iterate(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    loop = _host_loop()
    items = function(*args, **kwargs)

    async def step() -> tuple[Any, ...]:
        async for item in items:
            return (item,)
        return ()

    try:
        while found := asyncio.run_coroutine_threadsafe(step(), loop).result():
            yield found[0]
    finally:
        asyncio.run_coroutine_threadsafe(items.aclose(), loop).result()


def _host_loop() -> asyncio.AbstractEventLoop:
    loop = current.require_blocking().loop
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        msg = "amoeba.blocking would wait for its own event loop: await the handle's method instead"
        raise RuntimeError(msg)
    return loop


def _calling_module() -> str:
    """The Python module that called `use` or `provider`."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))  # noqa: SLF001 - no other way
