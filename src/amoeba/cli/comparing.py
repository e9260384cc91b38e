"""`amoeba compare`: the architectures of an application, side by side, as they do here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from amoeba.cli.seeing import DEFAULT_CONFIG, Config, Json
from amoeba.errors import AmoebaError, ConfigurationError, Problem

if TYPE_CHECKING:
    from amoeba.advisor.comparing.model import Comparison

_WIDTH = 140


def compare(
    topologies: Annotated[
        list[str] | None, typer.Argument(help="Two topologies or more.", show_default=False)
    ] = None,
    scenario: Annotated[
        Path, typer.Option("--scenario", "-s", help="The load: a file as amoeba load reads it.")
    ] = Path("load.toml"),
    config: Config = DEFAULT_CONFIG,
    rounds: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Times each is measured, instead of the file's [3]."),
    ] = None,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Requests per second, instead of the file's.")
    ] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds of each load, instead of the file's.")
    ] = None,
    module: Annotated[
        str, typer.Option(help="The module to scale and update, instead of the busiest one.")
    ] = "",
    probes: Annotated[
        bool, typer.Option(help="Restart and kill each process, to see what that costs.")
    ] = True,
    search: Annotated[
        bool, typer.Option(help="Search the highest rate that meets the SLO.")
    ] = True,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with plots: an HTML file.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown.")] = None,
    json: Json = False,
    again: Annotated[
        Path | None,
        typer.Option("--from", help="Measure nothing: show what --json has printed before."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not say how it goes.")] = False,
) -> None:
    """Measure topologies in turn under the same load, and compare them.

    Each is started afresh, loaded, stopped; each of its processes is restarted and killed. It
    takes minutes, and the machine for itself.
    """
    import asyncio
    import signal

    from amoeba.advisor.comparing.comparing import Wanted
    from amoeba.advisor.comparing.comparing import compare as measure
    from amoeba.advisor.comparing.measuring import Interrupted
    from amoeba.app import read_application
    from amoeba.cli.output import fail, tell
    from amoeba.load import Overrides, read_scenario

    try:
        _check_files(report, markdown)
        if again is not None:
            _print(_read(again), report, markdown, json=json)
            return
        application = read_application(config)
        loaded = read_scenario(scenario, Overrides(rate_per_s=rate, duration_s=duration))
        wanted = Wanted(
            tuple(topologies or ()), rounds or loaded.compare.rounds, probes, search, module
        )
        say = (lambda _: None) if quiet else tell
        for number in (signal.SIGTERM, signal.SIGHUP):  # nothing may be left running by them
            signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
        comparison = asyncio.run(measure(application, loaded, wanted, say))
    except ConfigurationError as error:
        fail(error)
    except AmoebaError as error:
        fail(error, 1)
    except (Interrupted, KeyboardInterrupt):
        tell("amoeba: interrupted; nothing is left running")
        raise typer.Exit(1) from None
    _keep(comparison, Path(application.root))
    _print(comparison, report, markdown, json=json)


def _print(
    comparison: Comparison, report: Path | None, markdown: Path | None, *, json: bool
) -> None:
    from amoeba.cli.output import print_json

    if json:
        print_json(comparison)
    else:
        from amoeba.advisor.comparing.text import render_text
        from amoeba.cli.tables import terminal_width

        width = min(_WIDTH, terminal_width())
        typer.echo(render_text(comparison, width, sys.stdout.isatty()), nl=False)
    if markdown is not None:
        from amoeba.advisor.comparing.markdown import render_markdown

        markdown.write_text(render_markdown(comparison), encoding="utf-8")
    if report is not None:
        from amoeba.advisor.comparing.page import write_page

        write_page(report, comparison)


def _keep(comparison: Comparison, root: Path) -> None:
    """Keep what took minutes to measure, whatever becomes of its output."""
    import msgspec

    from amoeba.cli.output import tell
    from amoeba.evidence.store import private_folder

    stamp = "".join(each for each in comparison.began_at[:19] if each.isalnum())
    try:
        file = private_folder(root) / f"comparison-{stamp}.json"
        file.touch(0o600)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(comparison), indent=1))
    except (OSError, AmoebaError) as error:
        tell(f"amoeba: the comparison is not kept: {error}")
    else:
        tell(f"amoeba: kept; to show it again: amoeba compare --from {file}")


def _read(file: Path) -> Comparison:
    """A comparison that was made before. Raises ConfigurationError."""
    import msgspec

    from amoeba.advisor.comparing.model import Comparison

    try:
        return msgspec.json.decode(file.read_bytes(), type=Comparison)
    except OSError as error:
        what = f"cannot be read: {error.strerror}"
    except msgspec.MsgspecError as error:
        what = f"is no comparison: {error}"
    expected = "what `amoeba compare --json` has printed"
    raise ConfigurationError([Problem(what, "--from", expected, file=str(file))])


def _check_files(report: Path | None, markdown: Path | None) -> None:
    """Say before the measuring what could not be written after it.

    Raises ConfigurationError or MissingExtra.
    """
    from amoeba.load import require_plots

    problems = [
        Problem("there is no such folder", option, file=str(file.parent))
        for option, file in (("--report", report), ("--markdown", markdown))
        if file is not None and not file.resolve().parent.is_dir()
    ]
    if problems:
        raise ConfigurationError(problems)
    if report is not None:
        require_plots()
