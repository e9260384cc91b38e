"""`amoeba top`: what the running application does, as it does it."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from amoeba.cli.seeing import DEFAULT_CONFIG, Config, Json
from amoeba.errors import AmoebaError, ConfigurationError

if TYPE_CHECKING:
    from amoeba.app import Application
    from amoeba.cli.frames import Frame
    from amoeba.cli.watching import Watcher

_REFRESH_S, _ONCE_S = 1.0, 5.0
_WINDOW_S = 5.0
"""Hosts report each second: over a shorter time a rate would be that of a report more or less."""


def top(
    config: Config = DEFAULT_CONFIG,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval", "-n", min=1, max=3600, help="Seconds between looks [1; once: 5]."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one picture, and end.")] = False,
    pid: Annotated[
        int | None, typer.Option(min=1, help="The supervisor's, when there are several runs.")
    ] = None,
    json: Json = False,
) -> None:
    """Show live what replicas use, and the calls from module to module; `q` leaves.

    Where there is no terminal, one picture is printed. With --json, a line per interval.
    """
    from amoeba.app import read_application
    from amoeba.cli.output import fail

    once = once or not (json or _has_screen())
    interval_s = interval or (_ONCE_S if once else _REFRESH_S)
    try:
        application = read_application(config)
        if once:
            _once(application, pid, interval_s, json=json)
        elif json:
            _as_lines(application, pid, interval_s)
        else:
            _live(application, pid, interval_s)
    except ConfigurationError as error:
        fail(error)
    except AmoebaError as error:
        fail(error, 1)
    except KeyboardInterrupt:
        return


def _has_screen() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _once(application: Application, pid: int | None, interval_s: float, *, json: bool) -> None:
    from amoeba.cli.frames import render_frame
    from amoeba.cli.output import print_json
    from amoeba.cli.tables import terminal_width
    from amoeba.cli.watching import Watcher

    frame = _next(Watcher(application, pid, interval_s), interval_s)
    if json:
        print_json(frame)
    else:
        typer.echo("\n".join(render_frame(frame, terminal_width())))


def _as_lines(application: Application, pid: int | None, interval_s: float) -> None:
    import msgspec

    from amoeba.cli.watching import Watcher

    watcher = Watcher(application, pid, interval_s)
    out = sys.stdout.buffer
    try:
        while True:
            out.write(msgspec.json.encode(_next(watcher, interval_s)) + b"\n")
            out.flush()
            time.sleep(interval_s)
    except BrokenPipeError:  # who reads it has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _live(application: Application, pid: int | None, interval_s: float) -> None:
    from amoeba.cli.screen import show_live
    from amoeba.cli.watching import Watcher

    watcher = Watcher(application, pid, max(_WINDOW_S, interval_s))
    watcher.look()  # what does not run is refused before the screen is taken
    show_live(Picture(application.name, watcher).draw, interval_s)


def _next(watcher: Watcher, interval_s: float) -> Frame:
    """The next picture, an interval after the first look at a run."""
    while (frame := watcher.look()) is None:
        time.sleep(interval_s)
    return frame


class Picture:
    """What the screen shows: the run, or that there is none and since when."""

    def __init__(self, name: str, watcher: Watcher) -> None:
        self._name, self._watcher = name, watcher
        self._gone_since = ""

    def draw(self, width: int, height: int) -> list[str]:
        """The lines of the screen."""
        from amoeba.cli.frames import render_frame
        from amoeba.cli.status import NotRunning

        now = datetime.now().astimezone()
        try:
            frame = self._watcher.look()
        except NotRunning:
            self._gone_since = self._gone_since or f"{now:%H:%M:%S}"
            return [f"{self._name} has not run since {self._gone_since}", "q leaves"]
        self._gone_since = ""
        if frame is None:
            return [f"{self._name}: looking …", "q leaves"]
        lines = render_frame(frame, width, max(1, height - 1))
        return [*lines, *[""] * (height - 1 - len(lines)), f"{now:%H:%M:%S} · q leaves"[:width]]
