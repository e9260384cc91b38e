"""The callee's side of a module: numbered methods over an implementation, decode to encode."""

from __future__ import annotations

import contextvars
import functools
from typing import TYPE_CHECKING, Any

from amoeba.contract import Contract, ContractCodec, ExceptionCodec, Kind, Message
from amoeba.contract.describing import describe, fingerprint
from amoeba.errors import DeadlineExceeded, WireError
from amoeba.runtime.deadlines import Deadline, Scope, enter_scope
from amoeba.runtime.otel import adopt
from amoeba.runtime.threads import in_thread
from amoeba.runtime.tracing import (
    serve_closely,
    serve_closely_blocking,
    serve_watched,
    trace_context,
)
from amoeba.wire.frames import NO_METADATA, Metadata
from amoeba.wire.server import queued_ns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from amoeba.contract.codec import ItemsCodec
    from amoeba.evidence import Edge, Recorder


class ModuleService:
    """Serves one implementation under its contract; satisfies `wire.Service`."""

    def __init__(
        self,
        module: str,
        contract: Contract,
        implementation: object,
        exceptions: ExceptionCodec,
        recorder: Recorder | None = None,
        replica: str = "",
    ) -> None:
        """With a `recorder`, calls that belong to a sampled trace are looked at closely."""
        self.module, self._contract = module, contract
        self._implementation = implementation
        self._codec = ContractCodec(contract, module)
        self._exceptions = exceptions
        self._methods = list(contract.methods.values())
        self._recorder, self._replica = recorder, replica

    @functools.cached_property
    def fingerprint(self) -> str:
        """See `contract.fingerprint`."""
        return fingerprint(self._contract)

    def describe(self) -> dict[str, Any]:
        """See `contract.describe`."""
        return describe(self._contract)

    def is_stream(self, method: int) -> bool:
        """Whether the method answers with a stream. Raises WireError for an unknown number."""
        if method >= len(self._methods):
            msg = f"module {self.module!r} has no method number {method}"
            raise WireError(msg)
        return self._methods[method].kind is Kind.STREAM

    async def call(self, method: int, request: Message, metadata: Metadata) -> Message:
        """Run a unary or blocking method; a blocking one runs in a worker thread."""
        declared = self._methods[method]
        codec = self._codec[declared.name]
        args, kwargs = codec.arguments.decode(request)
        function = getattr(self._implementation, declared.name)
        call: Callable[[], Awaitable[Any]]
        if declared.kind is Kind.BLOCKING:
            call = functools.partial(in_thread, functools.partial(function, *args, **kwargs))
        else:
            call = functools.partial(function, *args, **kwargs)
        _adopt(metadata)
        call = self._closely(call, declared.name, metadata)
        if metadata.deadline_us is None:
            return codec.result.encode((await call(),))
        async with Deadline(_seconds(metadata)):
            return codec.result.encode((await call(),))

    def _closely(
        self, call: Callable[[], Awaitable[Any]], method: str, metadata: Metadata
    ) -> Callable[[], Awaitable[Any]]:
        """The same call as a span of the trace that its caller looks at."""
        edge = self._edge(method, metadata)
        if edge is None:
            return call
        trace = _trace(metadata)
        return functools.partial(serve_closely, call, edge, trace, queued_ns.get())

    def _edge(self, method: str, metadata: Metadata) -> Edge | None:
        """The edge of a call whose caller looks at it closely; None of any other."""
        if self._recorder is None or metadata.caller is None:
            return None
        edge = self._recorder.edge(metadata.caller, self.module, method)
        if not edge.replica:
            edge.replica = self._replica
        return edge

    def call_blocking(
        self, method: int, request: Message, metadata: Metadata = NO_METADATA
    ) -> Message:
        """Run a blocking method in this thread, with an empty context."""
        declared = self._methods[method]
        codec = self._codec[declared.name]
        args, kwargs = codec.arguments.decode(request)
        call = functools.partial(getattr(self._implementation, declared.name), *args, **kwargs)
        edge = self._edge(declared.name, metadata)
        if edge is not None:
            trace = _trace(metadata)
            call = functools.partial(serve_closely_blocking, call, edge, trace)
        context = contextvars.Context()
        context.run(_adopt, metadata)
        return codec.result.encode((context.run(call),))

    def stream(
        self, method: int, request: Message, metadata: Metadata
    ) -> tuple[AsyncIterator[Any], ItemsCodec]:
        """Begin a stream. Streams carry no deadline: the caller's scope ends them."""
        declared = self._methods[method]
        codec = self._codec[declared.name]
        args, kwargs = codec.arguments.decode(request)
        _adopt(metadata)
        items = getattr(self._implementation, declared.name)(*args, **kwargs)
        edge = self._edge(declared.name, metadata)
        if edge is not None:
            items = serve_watched(aiter(items), edge, _trace(metadata), queued_ns.get())
        return items, codec.items

    def encode_error(self, error: BaseException) -> bytes:
        """An exception as the payload of an ERROR frame."""
        return self._exceptions.encode(error)


def _adopt(metadata: Metadata) -> None:
    """Give this task, which is the call's own, what goes with the call."""
    if metadata.trace is not None:
        trace_context.set(metadata.trace)
        adopt(metadata.trace)
    if metadata.timings is not None:
        enter_scope(Scope(timings=metadata.timings))


def _trace(metadata: Metadata) -> str:
    """The trace of a call that is looked at; empty when it is only counted."""
    return metadata.trace or "" if metadata.kept else ""


def _seconds(metadata: Metadata) -> float:
    remaining = (metadata.deadline_us or 0) / 1e6
    if remaining <= 0:
        msg = "the deadline had passed when the call arrived"
        raise DeadlineExceeded(msg)
    return remaining
