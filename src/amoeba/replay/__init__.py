"""Replay: a recorded request is made again, with all modules in one process, under a debugger.

    payloads.db → `find` → Payload → `with_values` → Payload → `replay` → Outcome → `compare`

What failed between processes is then an ordinary exception with one traceback, of which only the
user's own frames are shown, or a stop at a breakpoint. Nothing is served to anybody: the request
goes to the ASGI app directly. Whatever the application writes, it writes: a replay is no rehearsal.
"""

from amoeba.replay.comparing import Comparison, compare
from amoeba.replay.debugging import Debugger
from amoeba.replay.finding import find, recorded
from amoeba.replay.outcomes import Answer, Outcome
from amoeba.replay.running import replay
from amoeba.replay.values import Value, missing, read_value, with_values

__all__ = [
    "Answer",
    "Comparison",
    "Debugger",
    "Outcome",
    "Value",
    "compare",
    "find",
    "missing",
    "read_value",
    "recorded",
    "replay",
    "with_values",
]
