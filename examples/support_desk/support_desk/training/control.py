"""How a run tells how far it is, and how it is stopped."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tell(Protocol):
    """Hears what a run does now: a line for a person, and the step's number of so many."""

    def __call__(self, stage: str, step: int, steps: int) -> None:
        """Take it and return at once: the run waits."""
        ...


class Stopped(Exception):  # noqa: N818 - says what is the case
    """The run was asked to stop before it had published anything."""


def unheard(stage: str, step: int, steps: int) -> None:
    """Tell nobody."""


class Control:
    """Given to one run. A stop takes effect at its next check, but never while it publishes."""

    def __init__(self, tell: Tell = unheard) -> None:
        self._tell = tell
        self._step = self._steps = 0
        self._publishing = Lock()  # held while publishing; guards the two below
        self._stopped = False
        self._published = False

    def begin(self, steps: int) -> None:
        """Say how many steps are to come."""
        self._steps = steps

    def next(self, stage: str) -> None:
        """Go on to the next step; raises `Stopped`."""
        self.check()
        self._step += 1
        self._tell(stage, self._step, self._steps)

    def check(self) -> None:
        """Raise `Stopped` if the run is to stop."""
        if self._stopped:
            raise Stopped

    def stop(self) -> bool:
        """Have the run stop; `False` if it is too late, since its models are published."""
        with self._publishing:
            self._stopped = not self._published
            return self._stopped

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Hold off a stop until the body is done; raises `Stopped`."""
        with self._publishing:
            self.check()
            yield
            self._published = True
