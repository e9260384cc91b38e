"""What a replay may do to the world, said before it does."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from amoeba.app.settings import with_environment
from amoeba.supervisor import find_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.app import Application

_URL = re.compile(r"([a-z][a-z0-9+.-]*://)(?:[^@/?#]*@)?([^?#]*)", re.IGNORECASE)


class Warnings(NamedTuple):
    """The lines to show, and whether a module that must run once would run twice."""

    lines: list[str]
    doubled: bool


def warnings_before(application: Application) -> Warnings:
    """What is to be known before all modules of an application run here."""
    lines = ["amoeba: it is made as it was: what the application writes, it writes again"]
    for module, key, url in _urls(application):
        variable = f"AMOEBA_{module.upper().replace('-', '_')}__{key}"
        lines.append(f"amoeba:   {module} uses {url}; another one: {variable}=…")
    alone = [name for name, spec in application.modules.items() if spec.state == "exclusive"]
    doubled = bool(alone) and bool(find_runs(application))
    if doubled:
        names = ", ".join(alone)
        lines.append(f"amoeba:   the application runs too, so there are two copies of {names}")
    return Warnings(lines, doubled)


def _urls(application: Application) -> Iterator[tuple[str, str, str]]:
    """Each setting that is an address: module, end of its variable, and the address.

    Without the user, the password and the query, among which are secrets.
    """
    for name, spec in application.modules.items():
        settings = with_environment(spec.settings, name, os.environ)
        for key, value in _texts(settings):
            found = _URL.fullmatch(value.partition("?")[0].partition("#")[0])
            if found:
                yield name, key, f"{found[1]}{found[2]}"


def _texts(settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from ((f"{key.upper()}__{inner}", text) for inner, text in _texts(value))
        elif isinstance(value, str):
            yield key.upper(), value
