"""Amoeba: one deployable until there is reason to divide.

A team writes a FastAPI gateway and modules with typed contracts. `amoeba run` runs them as one
process; a few lines of configuration put any module into its own, with no change of code.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amoeba._version import __version__
    from amoeba.app.naming import named
    from amoeba.app.secrets import Secret
    from amoeba.contract.marks import idempotent
    from amoeba.errors import (
        AmoebaError,
        ConfigurationError,
        ContractError,
        DeadlineExceeded,
        Overloaded,
        RemoteError,
        Unavailable,
    )
    from amoeba.runtime.carrying import trace_headers
    from amoeba.runtime.current import blocking, provider, use
    from amoeba.runtime.deadlines import deadline
    from amoeba.runtime.threads import threaded
    from amoeba.supervisor.opening import open  # noqa: A004 - reads as amoeba.open

__all__ = [
    "AmoebaError",
    "ConfigurationError",
    "ContractError",
    "DeadlineExceeded",
    "Overloaded",
    "RemoteError",
    "Secret",
    "Unavailable",
    "__version__",
    "blocking",
    "deadline",
    "idempotent",
    "named",
    "open",
    "provider",
    "threaded",
    "trace_headers",
    "use",
]

_HOMES = {
    "AmoebaError": "errors",
    "ConfigurationError": "errors",
    "ContractError": "errors",
    "DeadlineExceeded": "errors",
    "Overloaded": "errors",
    "RemoteError": "errors",
    "Secret": "app.secrets",
    "Unavailable": "errors",
    "__version__": "_version",
    "blocking": "runtime.current",
    "deadline": "runtime.deadlines",
    "idempotent": "contract.marks",
    "named": "app.naming",
    "open": "supervisor.opening",
    "provider": "runtime.current",
    "threaded": "runtime.threads",
    "trace_headers": "runtime.carrying",
    "use": "runtime.current",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
