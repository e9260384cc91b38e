"""What the commands print: data on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
import typer

if TYPE_CHECKING:
    from amoeba.errors import AmoebaError

FINDINGS, WRONG_USAGE = 1, 2


def print_json(value: Any) -> None:
    """A value as indented JSON on stdout."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def tell(text: str) -> None:
    """A line for people, on stderr."""
    typer.echo(text, err=True)


def fail(error: AmoebaError, code: int = WRONG_USAGE) -> NoReturn:
    """Say what is wrong and end."""
    if error.__cause__ is not None:
        import traceback

        traceback.print_exception(error.__cause__)
    tell(f"amoeba: {error}")
    raise typer.Exit(code)
