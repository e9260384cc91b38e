"""The command line. Commands read options, call what does the work, and print; nothing else.

stdout is data, stderr everything else. Exit codes: 0 fine, 1 findings or a failure of the user's
application, 2 wrong usage or configuration.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from amoeba.cli.comparing import compare
from amoeba.cli.restarting import restart
from amoeba.cli.seeing import DEFAULT_CONFIG, Config, Json, edges, evidence_app, replay, trace
from amoeba.cli.top import top
from amoeba.errors import AmoebaError, ConfigurationError, render_problems

if TYPE_CHECKING:
    from amoeba.app import Application
    from amoeba.supervisor import Supervisor

app = typer.Typer(
    name="amoeba",
    help="One deployable until there is reason to divide.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

DEFAULT_SCENARIO = Path("load.toml")


def main() -> None:
    """Entry point."""
    app()


@app.command()
def run(
    config: Config = DEFAULT_CONFIG,
    topology: Annotated[
        str,
        typer.Option("--topology", "-t", envvar="AMOEBA_TOPOLOGY", help="A topology of the file."),
    ] = "",
    host: Annotated[
        str | None, typer.Option(envvar="AMOEBA_HOST", help="Address of the gateway.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(envvar="AMOEBA_PORT", min=0, max=65535, help="Port of the gateway [8000]."),
    ] = None,
    admin_port: Annotated[
        int | None,
        typer.Option(
            envvar="AMOEBA_ADMIN_PORT",
            min=0,
            max=65535,
            help="Port of /livez, /readyz, /metrics [8001].",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", envvar="AMOEBA_STRICT", help="Local calls behave as remote ones."),
    ] = False,
    isolated: Annotated[
        bool, typer.Option("--isolated", help="Run beside another run, on free ports.")
    ] = False,
    evidence: Annotated[
        Path | None,
        typer.Option(
            envvar="AMOEBA_EVIDENCE", help="Keep evidence in this file [.amoeba/evidence.db]."
        ),
    ] = None,
) -> None:
    """Serve the application until Ctrl-C."""
    from amoeba.supervisor import AlreadyRunning, RunOptions
    from amoeba.supervisor import run as run_application

    options = RunOptions(topology, host, port, admin_port, strict, isolated, evidence)
    try:
        code = run_application(_application(config), options, _banner)
    except (ConfigurationError, AlreadyRunning) as error:
        _fail(error)
    raise typer.Exit(code)


@app.command()
def check(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Check configuration, wiring, types and topologies without running anything."""
    from amoeba.app import print_user_traceback
    from amoeba.cli.checking import check as check_application
    from amoeba.cli.output import print_json, tell

    report, cause = check_application(config)
    if cause is not None:
        print_user_traceback(cause)
    if json:
        print_json(report)
    else:
        for title, problems in (("warnings", report.warnings), ("errors", report.errors)):
            if problems:
                tell(f"{title}:\n{render_problems(problems)}\n")
        tell(
            f"{report.config}: {len(report.modules)} modules, {len(report.topologies)} topologies, "
            f"{len(report.errors)} errors, {len(report.warnings)} warnings"
        )
    raise typer.Exit(2 if report.errors else 0)


@app.command()
def status(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """Show the running application: replicas and calls, and how it did in the last minutes."""
    from amoeba.cli.output import print_json
    from amoeba.cli.status import get_status
    from amoeba.cli.status_text import render_status, status_data
    from amoeba.cli.tables import terminal_width

    try:
        found = get_status(_application(config))
    except AmoebaError as error:
        _fail(error, 1)
    if json:
        told = [status_data(each) for each in found]
        print_json(told[0] if len(told) == 1 else told)
    else:
        texts = [render_status(each, terminal_width()) for each in found]
        typer.echo("\n".join(texts), nl=False)


@app.command()
def stop(
    config: Config = DEFAULT_CONFIG,
    wait: Annotated[float, typer.Option(help="Seconds to wait for it to end.")] = 40.0,
) -> None:
    """Drain and stop the running application."""
    from amoeba.cli.output import tell
    from amoeba.cli.status import stop as stop_application

    try:
        stop_application(_application(config), wait)
    except AmoebaError as error:
        _fail(error, 1)
    except TimeoutError:
        tell(f"amoeba: it did not end within {wait:g} s")
        raise typer.Exit(1) from None


@app.command()
def load(
    scenario: Annotated[Path, typer.Argument(help="The scenario's file.")] = DEFAULT_SCENARIO,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="AMOEBA_LOAD_URL", help="Address of the target, instead of the file's."
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Requests per second, instead of the file's rate and ramp."),
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds; of each step with --find-rate.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Chooses arrivals, requests and data.")
    ] = None,
    max_in_flight: Annotated[
        int | None,
        typer.Option(min=1, max=60_000, help="More requests at once are counted as failed [1000]."),
    ] = None,
    find: Annotated[
        bool, typer.Option("--find-rate", help="Search the highest rate that meets the SLO.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with plots: an HTML file.")
    ] = None,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Send the requests of a scenario at their time, and say how the answers were."""
    from amoeba.cli.loading import LoadOptions, run_load
    from amoeba.load import Overrides

    overrides = Overrides(url, rate, duration, seed, max_in_flight)
    try:
        code = run_load(scenario, overrides, LoadOptions(find, report, json, quiet))
    except ConfigurationError as error:
        _fail(error)
    except AmoebaError as error:
        _fail(error, 1)
    raise typer.Exit(code)


@app.command()
def version(json: Json = False) -> None:
    """Print the version."""
    from amoeba._version import __version__
    from amoeba.cli.output import print_json

    if json:
        print_json({"version": __version__})
    else:
        typer.echo(__version__)


app.command()(compare)
app.command()(restart)
app.command()(top)
app.command()(edges)
app.command()(trace)
app.command()(replay)
app.add_typer(evidence_app, name="evidence")


def _application(config: Path) -> Application:
    from amoeba.app import read_application

    try:
        return read_application(config)
    except ConfigurationError as error:
        _fail(error)


def _fail(error: AmoebaError, code: int = 2) -> NoReturn:
    from amoeba.cli.output import fail

    fail(error, code)


def _banner(supervisor: Supervisor) -> None:
    from amoeba.cli.output import tell

    processes = sum(process.replicas for process in supervisor.topology.processes)
    plural = "process" if processes == 1 else "processes"
    strict = ", strict" if supervisor.strict else ""
    name = supervisor.application.name
    tell(f"amoeba: {name} · {supervisor.topology.name} · {processes} {plural}{strict}")
    if supervisor.url:
        tell(f"amoeba: {supervisor.url}  (admin {supervisor.admin_url}, stop with Ctrl-C)")
