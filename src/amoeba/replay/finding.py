"""Finds a recorded request."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from amoeba.errors import AmoebaError, Problem, render
from amoeba.evidence.store import StoreError, evidence_path, payloads_path, read_payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.app import Application
    from amoeba.evidence.payloads import Payload

_SHOWN = 12


class NotReplayable(AmoebaError):  # noqa: N818 - says what is the case
    """The request is not recorded, or not so that it can be made again."""

    problem: Problem

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)

    def __str__(self) -> str:
        return render(self.problem)


def recorded(application: Application) -> list[Payload]:
    """What is recorded of the application, the newest first. Raises StoreError.

    Nothing is recorded before the first interval of a run: that is no error.
    """
    path = payloads_path(evidence_path(Path(application.root)))
    try:
        return read_payloads(path, application.evidence.payloads.keep_s, time.time())
    except StoreError as error:
        if error.reason == "missing":
            return []
        raise


def find(application: Application, payloads: Sequence[Payload], trace_id: str) -> Payload:
    """The newest request of the trace that begins with `trace_id`. Raises NotReplayable."""
    found = [each for each in payloads if each.trace_id.startswith(trace_id.lower())]
    traces = sorted({each.trace_id for each in found})
    if len(traces) > 1:
        expected = "more of it: " + ", ".join(each[:_SHOWN] for each in traces[:4])
        what = f"{len(traces)} recorded traces begin with {trace_id!r}"
        raise NotReplayable(Problem(what, "TRACE_ID", expected))
    if not found:
        what = f"no recorded request has a trace that begins with {trace_id!r}"
        raise NotReplayable(Problem(what, "TRACE_ID", hint=why_nothing(application)))
    if found[0].why_not:
        what = f"{found[0].trace_id[:_SHOWN]} cannot be replayed: {found[0].why_not}"
        raise NotReplayable(Problem(what, "TRACE_ID"))
    return found[0]


def why_nothing(application: Application) -> str:
    """What to do when nothing is recorded of a request."""
    routes = application.evidence.payloads.routes
    if not routes:
        return 'name the routes to record: [evidence.payloads] routes = ["POST /path"]'
    of = ", ".join(routes)
    return f"amoeba replay lists what is recorded: requests of {of}, ten seconds after they ended"
