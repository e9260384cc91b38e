"""A screen that is drawn again and again, until `q` or Ctrl-C; then the terminal is as before."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_MOST_KEYS = 64


def show_live(draw: Callable[[int, int], list[str]], interval_s: float) -> None:
    """Show what `draw(width, height)` gives, every `interval_s` seconds, until the user leaves."""
    console = Console(highlight=False)
    with (
        _ended_by_sigterm(),
        Live(console=console, screen=True, auto_refresh=False, transient=True) as live,
        _keys() as leaves,
    ):
        while True:
            width, height = console.size
            lines = draw(width, height)
            live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)
            if leaves(interval_s):
                return


@contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """Gives a function that waits for a key, some seconds at most: whether the user leaves."""
    if not sys.stdin.isatty() or sys.platform == "win32":
        yield _only_wait
        return
    import select
    import termios
    import tty

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)

    def leaves(seconds: float) -> bool:
        if not select.select([fd], [], [], seconds)[0]:
            return False
        keys = os.read(fd, _MOST_KEYS)
        return not keys or b"q" in keys.lower()  # nothing: the terminal is gone

    tty.setcbreak(fd)
    try:
        yield leaves
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def _only_wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Within it SIGTERM leaves as an exception does, so that the terminal is put right."""

    def leave(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
