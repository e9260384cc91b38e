"""The user's own frames: those of the application's code, and no others."""

from __future__ import annotations

from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import TYPE_CHECKING

import amoeba
from amoeba.app import search_paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from amoeba.app import Application

_INSTALLED = {"site-packages", "dist-packages"}


class OwnCode:
    """Tells the application's code from all other."""

    def __init__(self, application: Application) -> None:
        self._folders = [Path(path) for path in search_paths(application)]
        named = [application.gateway]
        for spec in application.modules.values():
            named += [spec.implementation, spec.contract]
        self._packages = {each.partition(":")[0].partition(".")[0] for each in named} - {""}
        self._amoeba = Path(amoeba.__file__).parent
        self._known: dict[str, bool] = {}

    def has(self, frame: FrameType) -> bool:
        """Whether the frame is of the application."""
        name = frame.f_code.co_filename
        if name not in self._known:
            self._known[name] = self._is_own(Path(name))
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        return self._known[name] or package in self._packages

    def traceback(self, error: BaseException) -> TracebackType | None:
        """The traceback from the first own frame on, without frames of Amoeba and of asyncio.

        Of an exception that never met the application's code, the whole.
        """
        steps = list(steps_of(error))
        first = next((i for i, each in enumerate(steps) if self.has(each.tb_frame)), None)
        if first is None:
            return error.__traceback__
        last = max(i for i, each in enumerate(steps) if self.has(each.tb_frame))
        found: TracebackType | None = None
        for index, each in reversed(list(enumerate(steps))):
            if index >= first and (index > last or self.has(each.tb_frame)):
                found = TracebackType(found, each.tb_frame, each.tb_lasti, each.tb_lineno)
        return found

    def text(self, error: BaseException) -> str:
        """The exception as Python shows it, and what led to it, each with `traceback`."""
        whole = [(each, each.__traceback__) for each in _chain(error)]
        try:
            for each, _ in whole:
                each.__traceback__ = self.traceback(each)
            return "".join(format_exception(error))
        finally:
            for each, before in whole:
                each.__traceback__ = before

    def _is_own(self, path: Path) -> bool:
        if path.is_relative_to(self._amoeba) or _INSTALLED & set(path.parts):
            return False
        return any(path.is_relative_to(folder) for folder in self._folders)


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, those it was raised from or during, and those in groups."""
    found: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in found:
            found[id(each)] = each
            waiting += [each.__cause__, each.__context__]
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return list(found.values())


def steps_of(error: BaseException) -> Iterator[TracebackType]:
    """The traceback's entries, outermost first."""
    found = error.__traceback__
    while found is not None:
        yield found
        found = found.tb_next
