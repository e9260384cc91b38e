"""The debugger: pdb, where the application's own code raised, or at a method of a module.

A frame is traced only while the request runs. In worker threads too, which is why the tracer is
installed before the modules start, and armed later.
"""

from __future__ import annotations

import contextlib
import inspect
import pdb
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from amoeba.app import import_object
from amoeba.errors import ConfigurationError, Problem, RemoteError, did_you_mean
from amoeba.replay.frames import OwnCode, steps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType, TracebackType

    from amoeba.app import Application

_REMEMBERED = 32
_NOT_ENTERED = ("amoeba.*", "asyncio.*", "uvloop.*", "starlette.*", "fastapi.*")


class Debugger:
    """Watches what the application raises, and stops where it is asked to.

    `stop_at` is `module.method`. Not `interactive`, it only watches.
    """

    def __init__(self, application: Application, *, interactive: bool, stop_at: str = "") -> None:
        """Imports the implementation to stop in. Raises ConfigurationError when it has not that."""
        self.interactive, self.own = interactive, OwnCode(application)
        self._code = _code_of(application, stop_at) if stop_at else None
        self.stop_at, self.reached = stop_at, False
        self._lock = threading.Lock()  # protects `_raised`: worker threads raise too
        self._raised: deque[BaseException] = deque(maxlen=_REMEMBERED)
        self._pdb: pdb.Pdb | None = None
        self._armed = False

    @property
    def left(self) -> bool:
        """Whether the user has left it at a stop."""
        return self._pdb is not None and bool(self._pdb.quitting)

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Threads that begin inside can be traced."""
        threading.settrace(self._trace)
        try:
            yield
        finally:
            threading.settrace(None)

    @contextlib.contextmanager
    def armed(self) -> Iterator[None]:
        """Trace what runs inside."""
        if self._code is not None:
            self._pdb = _stopping_at(self._code, self.own)
        self._armed = True
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            yield
        finally:
            self._armed = False
            sys.settrace(before)

    def cause(self, error: BaseException | None) -> BaseException | None:
        """The exception to look at: `error`, or of a failure that was answered the last one raised.

        Of one that crossed between modules, as it does with `--strict`, the one that was raised; of
        a group, the first in it that met the application's code.
        """
        if error is None and self._raised:
            error = self._raised[-1]
        if isinstance(error, BaseExceptionGroup):
            return self._leaf(error)
        if isinstance(error, RemoteError):
            same = (each for each in reversed(self._raised) if _is_origin(each, error))
            return next(same, error)
        return error

    def _leaf(self, group: BaseException) -> BaseException:
        waiting, leaves = [group], []
        while waiting:
            error = waiting.pop(0)
            if isinstance(error, BaseExceptionGroup):
                waiting += error.exceptions
            else:
                leaves.append(error)
        own = (each for each in leaves if any(self.own.has(s.tb_frame) for s in steps_of(each)))
        return next(own, leaves[0])

    def look_at(self, error: BaseException) -> None:
        """Enter pdb where the application's own code raised, or let it through."""
        debugger = _OwnPdb(self.own)
        debugger.reset()
        debugger.interaction(None, error.__traceback__)

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not self._armed:
            return None
        if self._pdb is not None:
            self.reached = self.reached or frame.f_code is self._code
            return self._pdb.trace_dispatch(frame, event, arg)
        return self._watch if self.own.has(frame) else None

    def _watch(self, _frame: FrameType, event: str, arg: Any) -> Any:
        error = arg[1] if event == "exception" else None
        ending = isinstance(error, StopIteration | StopAsyncIteration)
        if isinstance(error, Exception) and not ending:
            with self._lock:
                if not any(each is error for each in self._raised):
                    self._raised.append(error)
        return self._watch


class _OwnPdb(pdb.Pdb):
    """pdb, of which `w`, `u` and `d` know the application's frames, and `s` enters no others.

    What was raised below the last own frame, in a library, is there too: one goes down to it.
    """

    def __init__(self, own: OwnCode) -> None:
        super().__init__(nosigint=True, skip=_NOT_ENTERED)
        self._own = own

    def get_stack(
        self, f: FrameType | None, t: TracebackType | None
    ) -> tuple[list[tuple[FrameType, int]], int]:
        """The stack without what is not the application's, and the place in it to begin at."""
        stack, at = super().get_stack(f, t)
        own = [index for index, each in enumerate(stack) if self._own.has(each[0])]
        if not own:
            return stack, at
        begin = own[-1] if f is None else at
        kept = [index for index in range(len(stack)) if index in own or index > own[-1]]
        if begin not in kept:
            kept = sorted([*kept, begin])
        return [stack[index] for index in kept], kept.index(begin)


def _is_origin(raised: BaseException, crossed: RemoteError) -> bool:
    cls = type(raised)
    return f"{cls.__module__}:{cls.__qualname__}" == crossed.type_name


def _code_of(application: Application, stop_at: str) -> CodeType:
    module, _, method = stop_at.partition(".")
    if module not in application.modules or not method:
        what = f"{stop_at!r} names no method of a module"
        hint = did_you_mean(module, application.modules)
        problem = Problem(what, "--break", "module.method: classifier.classify", hint)
        raise ConfigurationError([problem])
    implementation = application.modules[module].implementation
    cls = import_object(implementation, f"modules.{module}.implementation")
    function = inspect.unwrap(getattr(cls, method, None) or _nothing)
    code: CodeType | None = getattr(function, "__code__", None)
    if code is None or function is _nothing:
        names = [each for each in dir(cls) if not each.startswith("_")]
        what = f"{implementation} has no method {method!r} to stop at"
        hint = did_you_mean(method, names)
        raise ConfigurationError([Problem(what, "--break", hint=hint)])
    return code


def _nothing() -> None:
    """Stands for a method that is not there."""


def _stopping_at(code: CodeType, own: OwnCode) -> pdb.Pdb:
    """A debugger that runs until the function of `code` is called, and stops at its first line."""
    debugger = _OwnPdb(own)
    debugger.reset()
    refused: Callable[..., Any] = debugger.set_break
    text = refused(code.co_filename, code.co_firstlineno, funcname=code.co_name)
    if text:
        raise ConfigurationError([Problem(f"cannot stop there: {text}", "--break")])
    debugger.botframe = sys._getframe()  # noqa: SLF001 - "run on" needs it
    debugger.set_continue()
    return debugger
