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
    from types import CodeType, FrameType

    from amoeba.app import Application

_REMEMBERED = 32


class Debugger:
    """Watches what the application raises, and stops where it is asked to.

    `stop_at` is `module.method`. Not `interactive`, it only watches.
    """

    def __init__(self, application: Application, *, interactive: bool, stop_at: str = "") -> None:
        """Raises ConfigurationError when there is no such module."""
        self.interactive, self.own = interactive, OwnCode(application)
        self._application = application
        self._stop_at = _split(application, stop_at) if stop_at else ()
        self._raised: deque[BaseException] = deque(maxlen=_REMEMBERED)
        self._pdb: pdb.Pdb | None = None
        self._armed = False

    @property
    def stops(self) -> bool:
        """Whether it is to stop at a method."""
        return bool(self._stop_at)

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
        """Trace what runs inside. Raises ConfigurationError when there is no such method."""
        if self._stop_at:
            self._pdb = _stopping_at(_code_of(self._application, *self._stop_at))
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

        Of one that crossed between modules, as it does with `--strict`, the one that was raised.
        """
        if error is None:
            return self._raised[-1] if self._raised else None
        if isinstance(error, RemoteError):
            same = (each for each in reversed(self._raised) if _is_origin(each, error))
            return next(same, error)
        return error

    def look_at(self, error: BaseException) -> None:
        """Enter pdb where the application's own code raised, or let it through."""
        traceback = self.own.traceback(error)
        debugger = pdb.Pdb(nosigint=True)
        debugger.reset()
        below = self.own.depth_below(traceback)
        has_own = any(self.own.has(each.tb_frame) for each in steps_of(error))
        if below and has_own:
            debugger.cmdqueue.append(f"up {below}")
        debugger.interaction(None, traceback)

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        if not self._armed:
            return None
        if self._pdb is not None:
            return self._pdb.trace_dispatch(frame, event, arg)
        return self._watch if self.own.has(frame) else None

    def _watch(self, _frame: FrameType, event: str, arg: Any) -> Any:
        error = arg[1] if event == "exception" else None
        ending = isinstance(error, StopIteration | StopAsyncIteration)
        known = any(each is error for each in self._raised)
        if isinstance(error, Exception) and not ending and not known:
            self._raised.append(error)
        return self._watch


def _is_origin(raised: BaseException, crossed: RemoteError) -> bool:
    cls = type(raised)
    return f"{cls.__module__}:{cls.__qualname__}" == crossed.type_name


def _split(application: Application, stop_at: str) -> tuple[str, str]:
    module, _, method = stop_at.partition(".")
    if module not in application.modules or not method:
        what = f"{stop_at!r} names no method of a module"
        hint = did_you_mean(module, application.modules)
        problem = Problem(what, "--break", "module.method: classifier.classify", hint)
        raise ConfigurationError([problem])
    return module, method


def _code_of(application: Application, module: str, method: str) -> CodeType:
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


def _stopping_at(code: CodeType) -> pdb.Pdb:
    """A debugger that runs until the function of `code` is called, and stops at its first line."""
    debugger = pdb.Pdb(nosigint=True)
    debugger.reset()
    refused: Callable[..., Any] = debugger.set_break
    text = refused(code.co_filename, code.co_firstlineno, funcname=code.co_name)
    if text:
        raise ConfigurationError([Problem(f"cannot stop there: {text}", "--break")])
    debugger.botframe = sys._getframe()  # noqa: SLF001 - "run on" needs it
    debugger.set_continue()
    return debugger
