"""A command in a terminal of its own, as a person has it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
from pathlib import Path
from typing import Self

from harness import AMOEBA, TIMEOUT_S, wait_for

_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")
ALTERNATE_ON, ALTERNATE_OFF = b"\x1b[?1049h", b"\x1b[?1049l"


class Terminal:
    """`amoeba ARGS` in a terminal of so many lines and columns, until the `with` block ends."""

    def __init__(
        self, folder: Path, *args: str, lines: int = 24, columns: int = 100, kind: str = "xterm"
    ) -> None:
        self.out = b""
        self._fd, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        hidden = ("COLUMNS", "LINES", "CI")
        env = {key: value for key, value in os.environ.items() if key not in hidden}
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [*AMOEBA, *args],
            cwd=folder,
            env=env | {"TERM": kind},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        self._theirs = theirs

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(TIMEOUT_S)
        for fd in (self._fd, self._theirs):
            os.close(fd)

    def sees(self, pattern: str) -> str:
        """Wait until the newest screen has it; the screen."""

        def found() -> str:
            self._read(0.05)
            screen = self.screen()
            return screen if re.search(pattern, screen) else ""

        return wait_for(found, f"{pattern!r} on the screen")

    def screen(self) -> str:
        """What was drawn last."""
        last = self.out.rsplit(b"\x1b[H", 1)[-1]
        return _CONTROL.sub(b"", last).decode(errors="replace").replace("\r", "")

    def press(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def end(self, number: signal.Signals | None = None) -> int:
        """Wait for its end; its exit code."""
        if number is not None:
            self.process.send_signal(number)
        wait_for(lambda: self._read(0.05) or self.process.poll() is not None, "its end")
        self._read(0.05)
        return self.process.wait(TIMEOUT_S)

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was before."""
        same = termios.tcgetattr(self._theirs) == self.before
        return same and self.out.count(ALTERNATE_ON) == self.out.count(ALTERNATE_OFF)

    def _read(self, seconds: float) -> None:
        while select.select([self._fd], [], [], seconds)[0]:
            self.out += os.read(self._fd, 65536)
