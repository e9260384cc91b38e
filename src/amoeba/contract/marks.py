"""Marks that a contract's author puts on its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")

_IDEMPOTENT = "__amoeba_idempotent__"


def idempotent(method: F) -> F:
    """Declare that calling `method` twice does the same as calling it once.

    Only such methods are tried again when a replica is lost while it works on the call.
    """
    setattr(method, _IDEMPOTENT, True)
    return method


def is_idempotent(method: object) -> bool:
    """Whether `method` was marked with `idempotent`."""
    return bool(getattr(method, _IDEMPOTENT, False))
