"""The supervisor: the small local parent of all replicas of an application.

It starts replicas as subprocesses, waits until they are ready, pushes routes to their hosts,
merges their output, restarts what crashes with back-off and gives up what keeps crashing. It
imports none of the application's code: what hosts need of each other they announce themselves.

No process and no socket outlives a run: replicas are told to drain, then ended; and each replica
holds the read end of a pipe that closes when the supervisor is gone, however it went.
"""

from amoeba.supervisor.rundir import AlreadyRunning, RunInfo, find_runs, wait_until_gone
from amoeba.supervisor.running import RunOptions, check_machine, run
from amoeba.supervisor.supervisor import Supervisor

__all__ = [
    "AlreadyRunning",
    "RunInfo",
    "RunOptions",
    "Supervisor",
    "check_machine",
    "find_runs",
    "run",
    "wait_until_gone",
]
