"""`amoeba replay`: lists recorded requests, or makes one again in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import typer

from amoeba.cli.output import FINDINGS, print_json, tell
from amoeba.cli.replay_text import (
    RecordedLine,
    line_of,
    render_answers,
    render_list,
    render_request,
    said_of_error,
)
from amoeba.cli.replay_warnings import warnings_before
from amoeba.errors import ConfigurationError, Problem
from amoeba.evidence.payloads import MARK, WHOLE
from amoeba.replay import (
    Answer,
    Comparison,
    Debugger,
    Outcome,
    compare,
    find,
    missing,
    read_value,
    recorded,
    replay,
    with_values,
)
from amoeba.replay.finding import why_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amoeba.app import Application
    from amoeba.evidence.payloads import Payload

_SAFE = ("GET", "HEAD", "OPTIONS")


class ReplayOptions(NamedTuple):
    """What the command line asks for. `debugger`: None is: where there is a terminal."""

    values: Sequence[str] = ()
    stop_at: str = ""
    debugger: bool | None = None
    strict: bool = False
    yes: bool = False
    json: bool = False


class Replayed(msgspec.Struct):
    """What `--json` tells of a replay."""

    trace_id: str
    route: str
    redacted: list[str]
    recorded_status: int
    replayed_status: int
    comparison: Comparison
    error: str
    traceback: str
    body: str


def list_recorded(application: Application, *, json: bool) -> None:
    """Print what is recorded. Raises StoreError."""
    lines: list[RecordedLine] = [line_of(each) for each in recorded(application)]
    if json:
        print_json(lines)
        return
    typer.echo(render_list(lines), nl=False)
    if not lines:
        tell(f"  hint: {why_nothing(application)}")


def run_replay(application: Application, trace_id: str, options: ReplayOptions) -> int:
    """Replay a recorded request; the exit code. Raises AmoebaError before it is made."""
    from amoeba.app import add_paths

    values = [read_value(each) for each in options.values]
    payload = find(application, recorded(application), trace_id)
    request = with_values(payload, values)
    terminal = sys.stdin.isatty()
    if options.debugger and options.json:
        hint = "leave one of them out: what pdb prints is no JSON"
        raise ConfigurationError([Problem("both are asked for", "--debugger, --json", hint=hint)])
    interactive = options.debugger
    if interactive is None:
        interactive = terminal and not options.json
    add_paths(application)
    debugger = Debugger(application, interactive=interactive, stop_at=options.stop_at)
    if options.stop_at and not interactive:
        hint = "leave --break out, or run it in a terminal without --no-debugger and --json"
        raise ConfigurationError([Problem("there is no debugger to stop in", "--break", hint=hint)])
    tell(f"amoeba: replays {render_request(payload)}, all modules in this process")
    for place in missing(payload, values):
        tell(f"amoeba: {place} is sent as {MARK!r}; its value: --set '{place}=VALUE'")
    _agree(application, payload, options, terminal=terminal)
    outcome = replay(
        application, request, debugger, lambda found: _look(found, debugger), strict=options.strict
    )
    if outcome.left:
        tell("amoeba: left in the debugger: the request was not answered")
        return FINDINGS
    if debugger.stop_at and not debugger.reached:
        tell(f"amoeba: {debugger.stop_at} was not called")
    return _report(payload, outcome, debugger, json=options.json)


def _agree(
    application: Application, payload: Payload, options: ReplayOptions, *, terminal: bool
) -> None:
    """Say what the replay may do, and be told to. Raises ConfigurationError, or typer.Exit."""
    warnings = warnings_before(application)
    risky = payload.method not in _SAFE or warnings.doubled
    for line in warnings.lines if risky else ():
        tell(line)
    if not risky or options.yes:
        return
    if not terminal:
        what = f"{payload.method} may write, and nobody can be asked"
        raise ConfigurationError([Problem(what, "TRACE_ID", hint="add --yes to replay it")])
    if not typer.confirm("Replay it?", err=True):
        raise typer.Exit(FINDINGS)


def _look(outcome: Outcome, debugger: Debugger) -> None:
    error = outcome.raised
    if error is None:
        return
    tell("\n" + debugger.own.text(error).rstrip())
    tell(said_of_error(outcome))
    if debugger.interactive and not outcome.left:
        tell(
            "amoeba: the debugger (pdb), where your code raised: w, u, d, p NAME; q ends the replay"
        )
        debugger.look_at(error)


def _report(payload: Payload, outcome: Outcome, debugger: Debugger, *, json: bool) -> int:
    known = payload.answer.state == WHOLE or bool(payload.answer.data)
    found = compare(Answer.of(payload), outcome.answer, known=known)
    if json:
        print_json(_replayed(payload, outcome, found, debugger))
    else:
        typer.echo(render_answers(payload, outcome, found), nl=False)
    return 0 if found.same and outcome.raised is None else FINDINGS


def _replayed(
    payload: Payload, outcome: Outcome, found: Comparison, debugger: Debugger
) -> Replayed:
    error: Any = outcome.raised
    return Replayed(
        trace_id=payload.trace_id,
        route=payload.route,
        redacted=payload.redacted,
        recorded_status=payload.status,
        replayed_status=outcome.answer.status,
        comparison=found,
        error=type(error).__name__ if error is not None else "",
        traceback=debugger.own.text(error) if error is not None else "",
        body=outcome.answer.decoded.decode("utf-8", "replace"),
    )
