"""`amoeba load`: runs a scenario, shows how it goes, and says what came of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import typer

from amoeba.cli.load_text import render_found, render_report, render_step
from amoeba.cli.output import FINDINGS, print_json, tell
from amoeba.cli.progress import Progress
from amoeba.errors import ConfigurationError, Problem
from amoeba.load import (
    Generator,
    Overrides,
    Scenario,
    Step,
    Steps,
    find_rate,
    make_report,
    read_scenario,
    require_plots,
    write_page,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine


Result = TypeVar("Result")


class LoadOptions(NamedTuple):
    """What the command line asks for, beside the scenario. `report` is the page to write."""

    find: bool = False
    report: Path | None = None
    json: bool = False
    quiet: bool = False


def run_load(path: Path, overrides: Overrides, options: LoadOptions) -> int:
    """Run a scenario, or search with it; the exit code.

    Raises ConfigurationError, MissingExtra or Unreachable before anything is sent.
    """
    scenario = read_scenario(path, overrides)
    if options.report is not None:
        require_plots()
        _check_folder(options.report)
    if options.find:
        return _find(scenario, overrides, options)
    return _measure(scenario, options)


def _measure(scenario: Scenario, options: LoadOptions) -> int:
    with Progress(scenario.arrivals.total_s, quiet=options.quiet) as progress:
        measured = _run(Generator(scenario, progress.watch).run())
    report = make_report(scenario, measured)
    if options.report is not None:
        write_page(options.report, scenario, report)
    if options.json:
        print_json(report)
    else:
        typer.echo(render_report(report), nl=False)
    return FINDINGS if report.verdict == "missed" or report.interrupted else 0


def _find(scenario: Scenario, overrides: Overrides, options: LoadOptions) -> int:
    if not scenario.slo:
        hint = "add a table [slo], such as p99_ms = 200"
        raise ConfigurationError(
            [Problem("--find-rate needs an SLO", hint=hint, file=scenario.file)]
        )
    if overrides.duration_s is not None:
        scenario = scenario.with_step(overrides.duration_s)
    search = scenario.search
    with Progress(search.warm_up_s + search.step_s, quiet=options.quiet) as progress:

        def say(step: Step) -> None:
            progress.clear()
            if not options.quiet:
                tell(render_step(step))

        found = _run(find_rate(scenario, say, Steps(scenario, progress.watch).run))
    if options.report is not None and found.steps:
        write_page(options.report, scenario, found.best or found.steps[-1].report, found)
    if options.json:
        print_json(found)
    else:
        typer.echo(render_found(found), nl=False)
    return FINDINGS if found.met_per_s is None or found.by_generator or found.interrupted else 0


def _run(work: Coroutine[None, None, Result]) -> Result:
    """On uvloop where it exists: it sends more with the same CPU."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _check_folder(report: Path) -> None:
    """Say before the run that its page could not be written after it."""
    if not report.resolve().parent.is_dir():
        problem = Problem("there is no such folder", "--report", file=str(report.parent))
        raise ConfigurationError([problem])
