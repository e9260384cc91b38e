"""Modules without `amoeba run`: under a bare uvicorn, `use` builds them in that process.

Whoever adopts Amoeba keeps the way out; a warning says that nothing is separated or supervised.
"""

from __future__ import annotations

import asyncio
import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from amoeba.app import FILE_NAME, add_paths, find_application, read_application
from amoeba.errors import ConfigurationError, Problem
from amoeba.runtime.host import Host

if TYPE_CHECKING:
    from amoeba.runtime.current import Binder, Current

CONFIG_VARIABLE = "AMOEBA_CONFIG"


async def fallback_host(current: Current) -> Binder:
    """A host for all modules on the running loop, made once."""
    loop = asyncio.get_running_loop()
    with current.lock:
        if current.host is None and current.starting is None:
            current.starting = loop.create_task(_start(current))
        starting = current.starting
    if current.host is not None:
        return current.host
    assert starting is not None  # noqa: S101 - set above, under the lock
    return await asyncio.shield(starting)


def fallback_host_blocking(current: Current) -> Binder:
    """A host for a thread that needs one first: it gets a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="amoeba-fallback", daemon=True).start()
    return asyncio.run_coroutine_threadsafe(fallback_host(current), loop).result()


async def _start(current: Current) -> Binder:
    path = _configuration()
    application = read_application(path)
    add_paths(application)
    warnings.warn(
        f"no Amoeba host runs here: the modules of {path} are built in this process "
        "(start the application with `amoeba run` to have them supervised and separable)",
        RuntimeWarning,
        stacklevel=2,
    )
    host = Host(application, application.modules)
    current.attach(host)
    try:
        await host.start()
    except BaseException:
        current.detach(host)
        raise
    return host


def _configuration() -> Path:
    named = os.environ.get(CONFIG_VARIABLE)
    found = Path(named) if named else find_application(Path.cwd())
    if found is None:
        problem = Problem(
            what=f"no {FILE_NAME} in {Path.cwd()} or above it, and no host runs here",
            where="amoeba.use",
            hint=f"start with `amoeba run`, or set {CONFIG_VARIABLE} to the file",
        )
        raise ConfigurationError([problem])
    return found
