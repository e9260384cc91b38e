"""A PostgreSQL server for tests: a cluster of its own, on a free port of loopback."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TIMEOUT_S = 60


def programs() -> Path:
    """The folder of `initdb` and `pg_ctl`; skips the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    if not found and not named:
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    return found[-1].parent if found else Path(str(named)).parent


def as_somebody() -> list[str]:
    """How to run as a user whom PostgreSQL accepts: it refuses root."""
    if os.getuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("needs the user postgres, since PostgreSQL does not run as root")
    return ["runuser", "-u", "postgres", "--"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


class Postgres:
    """A running server. `stop` and `start` are for tests of what happens without it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._bin, self._user = programs(), as_somebody()
        self._folder, self._port = folder, port
        self._run("initdb", "-D", str(folder / "data"), "-U", "desk", "-A", "trust", "-N")
        self._databases = 0

    def start(self) -> None:
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -F"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._folder / "data"), "-o", options,
                  "-l", log)  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._folder / "data"))

    def new_database(self) -> str:
        """The URL of a database that is empty."""
        self._databases += 1
        name = f"desk{self._databases}"
        where = ["-h", "127.0.0.1", "-p", str(self._port), "-U", "desk"]
        self._run("createdb", *where, name)
        return f"postgresql://desk@127.0.0.1:{self._port}/{name}"

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [*self._user, str(self._bin / program), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            cwd=self._folder,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if as_somebody():
            shutil.chown(folder, "postgres")
        server = Postgres(folder, free_port())
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(AssertionError):
                server.stop()
