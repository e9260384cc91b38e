"""`amoeba check`: what can be known without running anything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from amoeba.app import Contracts, add_paths, import_object, locate, make_plan, read_application
from amoeba.contract import Kind
from amoeba.errors import ConfigurationError, Problem
from amoeba.runtime import Host
from amoeba.runtime.current import current, find_module
from amoeba.runtime.known_routes import unknown_routes
from amoeba.topology import topology_problems

if TYPE_CHECKING:
    from amoeba.app import Application, Plan


class Report(msgspec.Struct):
    """What `check` found. `traceback_of` is the user's own exception, if one was raised."""

    config: str
    modules: list[str] = []
    topologies: list[str] = []
    errors: list[Problem] = []
    warnings: list[Problem] = []


def check(config: Path) -> tuple[Report, BaseException | None]:
    """Check configuration, wiring, types and topologies; the user's code is imported, not run.

    Returns the report, and the exception that an import of the user's code ended with, if any.
    """
    report = Report(str(config))
    try:
        application = read_application(config)
    except ConfigurationError as error:
        report.errors = list(error.problems)
        return report, None
    report.modules = list(application.modules)
    report.topologies = list(application.topologies)
    cause = _check_code(application, report)
    text = config.read_text(encoding="utf-8")
    report.errors = _placed(report.errors, text, str(config))
    report.warnings = _placed(report.warnings, text, str(config))
    return report, cause


def _check_code(application: Application, report: Report) -> BaseException | None:
    from amoeba.supervisor.resources import this_machine

    add_paths(application)
    machine = this_machine()
    for topology in application.topologies.values():
        # What this machine lacks, another may have: the topology itself is not wrong.
        report.warnings += topology_problems(topology, application.states, machine)
    current.only_looking = True
    cause = _check_gateway(application, report)
    try:
        plan = make_plan(application, Contracts(application), application.modules, os.environ)
    except ConfigurationError as error:
        report.errors += error.problems
        return cause or error.__cause__
    asyncio.run(_check_handles(application, report))
    _check_types(application, plan, report)
    return cause


def _check_gateway(application: Application, report: Report) -> BaseException | None:
    if application.gateway:
        try:
            app = import_object(application.gateway, "app.gateway")
            report.warnings += unknown_routes(app, application.evidence.payloads.routes)
        except ConfigurationError as error:
            report.errors += error.problems
            return error.__cause__
    return None


async def _check_handles(application: Application, report: Report) -> None:
    """Every `amoeba.use` that the imported code has made finds its module."""
    host = Host(application, ())
    for handle in list(current.lazy):
        try:
            find_module(handle, host)
        except ConfigurationError as error:
            report.errors += error.problems


def _check_types(application: Application, plan: Plan, report: Report) -> None:
    """Types that cannot cross: an error where a topology crosses them, a warning elsewhere."""
    for name, module in plan.modules.items():
        separated = [
            topology
            for topology in application.topologies
            if len(application.topology(topology).processes) > 1
            and len(getattr(application.topology(topology).process_of(name), "modules", ()))
            < len(application.parts)
        ]
        problems = list(module.contract.crossing_problems)
        if separated:
            report.errors += problems
        else:
            report.warnings += problems
        blocking = [m.name for m in module.contract.methods.values() if m.kind is Kind.BLOCKING]
        if blocking:
            report.warnings.append(
                Problem(
                    what=f"{', '.join(blocking)}() blocks its caller, an event loop too",
                    where=f"modules.{name}",
                    hint="give the module a contract with `async def` methods",
                )
            )


def _placed(problems: list[Problem], text: str, file: str) -> list[Problem]:
    return [p if p.file else locate([p], text, file)[0] for p in problems]
