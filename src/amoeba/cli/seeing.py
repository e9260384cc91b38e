"""The commands on what was kept: `amoeba edges`, `trace`, `replay` and `evidence export`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amoeba.errors import AmoebaError, ConfigurationError

if TYPE_CHECKING:
    from amoeba.evidence.store import Evidence

Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="AMOEBA_CONFIG", help="The application's amoeba.toml."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Since = Annotated[str, typer.Option("--since", help="How far back: 30m, 2h, 7d.")]
DEFAULT_CONFIG = Path("amoeba.toml")


def edges(
    config: Config = DEFAULT_CONFIG,
    since: Since = "1h",
    topology: Annotated[
        str, typer.Option("--topology", "-t", help="Only while this topology ran.")
    ] = "",
    json: Json = False,
) -> None:
    """Show who calls whom: how often, how long, and what a call costs and carries."""
    from amoeba.cli.edges import render_edges
    from amoeba.cli.evidence import seconds_of
    from amoeba.cli.output import fail, print_json
    from amoeba.cli.tables import terminal_width

    try:
        with _evidence(config) as evidence:
            found = evidence.edges(
                since_s=time.time() - seconds_of(since), topology=topology or None
            )
    except AmoebaError as error:
        fail(error, _code(error))
    if json:
        print_json(found)
    else:
        where = f", topology {topology}" if topology else ""
        title = f"the last {since}{where}"
        typer.echo(render_edges(found, title, terminal_width()), nl=False)


def trace(
    trace_id: Annotated[str, typer.Argument(help="The beginning of a trace's id.")] = "",
    config: Config = DEFAULT_CONFIG,
    slowest: Annotated[bool, typer.Option("--slowest", help="The slowest ones first.")] = False,
    by_module: Annotated[
        bool,
        typer.Option("--by-module", help="Add up in which modules their time goes."),
    ] = False,
    route: Annotated[str, typer.Option(help='Only of one route: "POST /tickets".')] = "",
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=5000, help="How many [20; with --by-module 1000]."),
    ] = None,
    json: Json = False,
) -> None:
    """List single requests, show one as a waterfall, or add many up by module."""
    from amoeba.cli.output import fail
    from amoeba.cli.showing import TraceChoice, show_traces

    choice = TraceChoice(trace_id, route, slowest, by_module, limit)
    try:
        with _evidence(config) as evidence:
            show_traces(evidence, choice, json=json)
    except AmoebaError as error:
        fail(error, _code(error))


def replay(
    trace_id: Annotated[str, typer.Argument(help="The beginning of a trace's id.")] = "",
    config: Config = DEFAULT_CONFIG,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", help="A value for what was redacted: '$.name=x', header:name=x."),
    ] = None,
    stop_at: Annotated[
        str, typer.Option("--break", help="Stop at a method: classifier.classify.")
    ] = "",
    debugger: Annotated[
        bool | None,
        typer.Option(
            "--debugger/--no-debugger", help="Enter pdb where your code raises [in a terminal]."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Local calls behave as remote ones.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it writes.")] = False,
    json: Json = False,
) -> None:
    """List recorded requests, or make one again with all modules in this process."""
    from amoeba.app import read_application
    from amoeba.cli.output import fail
    from amoeba.cli.replay import ReplayOptions, list_recorded, run_replay

    try:
        application = read_application(config)
        if not trace_id:
            list_recorded(application, json=json)
            return
        options = ReplayOptions(values or (), stop_at, debugger, strict, yes, json)
        code = run_replay(application, trace_id, options)
    except AmoebaError as error:
        fail(error, _code(error))
    raise typer.Exit(code)


evidence_app = typer.Typer(
    help="What was measured of the application, and is kept.", no_args_is_help=True
)


@evidence_app.command()
def export(
    config: Config = DEFAULT_CONFIG,
    since: Annotated[
        str, typer.Option("--since", help="How far back: 2h; everything if empty.")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="lives, edges, processes, spans; all if none."),
    ] = None,
) -> None:
    """Print what is kept as JSON lines."""
    from amoeba.cli.evidence import export as export_evidence
    from amoeba.cli.output import fail

    try:
        export_evidence(_path(config), since, kind or ())
    except AmoebaError as error:
        fail(error, _code(error))


def _path(config: Path) -> Path:
    from amoeba.app import read_application
    from amoeba.evidence.store import evidence_path

    return evidence_path(Path(read_application(config).root))


def _evidence(config: Path) -> Evidence:
    """What was kept of the application. Raises ConfigurationError or StoreError."""
    from amoeba.evidence.store import Evidence

    return Evidence.open(_path(config))


def _code(error: AmoebaError) -> int:
    return 2 if isinstance(error, ConfigurationError) else 1
