"""Renders `docs/reference/commands.md` from the commands themselves: `make docs`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator


def render() -> str:
    """The page, as Markdown."""
    from amoeba.cli import app

    command: Any = typer.main.get_command(app)
    lines = ["# Commands", "", "Generated from the commands themselves by `make docs`.", ""]
    for name in command.commands:
        lines += _section(name, command.commands[name])
    return "\n".join(lines).rstrip() + "\n"


def _section(name: str, command: Any) -> Iterator[str]:
    for inner, each in getattr(command, "commands", {}).items():
        yield from _section(f"{name} {inner}", each)
    if hasattr(command, "commands"):
        return
    yield from (f"## amoeba {name}", "", command.help, "")
    options = [each for each in command.params if each.name != "help"]
    if options:
        yield from ("| option | variable | meaning |", "|---|---|---|")
        for option in options:
            names = ", ".join(f"`{each}`" for each in option.opts)
            variable = f"`{option.envvar}`" if option.envvar else ""
            yield f"| {names} | {variable} | {option.help} |"
        yield ""


if __name__ == "__main__":
    sys.stdout.write(render())
