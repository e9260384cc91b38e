"""How long to wait before a ticket is read again, and when to give it to a person.

A module that is down says nothing of the ticket: it is tried again as soon as it may be back. A
ticket on which a model fails, or breaks off with its process, may be the reason: so it is left
alone for longer each time, long enough that it never makes a supervisor give its module up, and
after a few times for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import amoeba

LEASE = timedelta(seconds=10)
"""How long a new message is left to the request that brought it."""

CLAIM = timedelta(seconds=12)
"""How long a ticket is left to whoever catches up with it, which takes 10 s at most."""

MOST_ATTEMPTS = 3
_FIRST_PAUSE_S, _GROWTH = 5.0, 4.0


@dataclass(frozen=True, slots=True)
class Failure:
    """What is to be done after reading a ticket has failed.

    `module` is what it waits for, if that is known. `counts`: the ticket may be the reason.
    """

    module: str
    counts: bool
    pause: timedelta


def judged(error: Exception, attempts: int, every_s: float) -> Failure:
    """Judge a failure; `attempts` failed before for which the ticket may be the reason."""
    module = error.module if isinstance(error, amoeba.Unavailable) else ""
    if isinstance(error, amoeba.Unavailable) and not error.broke_off:
        return Failure(module, counts=False, pause=timedelta(seconds=every_s))
    if isinstance(error, amoeba.DeadlineExceeded):
        return Failure(module, counts=False, pause=CLAIM)
    pause_s = _FIRST_PAUSE_S * _GROWTH**attempts
    return Failure(module, counts=True, pause=timedelta(seconds=pause_s))
