"""Runs `amoeba` as a user does: a process with a terminal's streams, and HTTP from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

TIMEOUT_S = 30.0
AMOEBA = [sys.executable, "-m", "amoeba"]


class Answer:
    """An HTTP answer; `json()` reads its body."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


def fetch(
    url: str,
    data: Any = None,
    timeout_s: float = TIMEOUT_S,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One HTTP request; a status of 400 or more is an answer too."""
    body = None if data is None else json.dumps(data).encode()
    sent = ({"content-type": "application/json"} if body else {}) | (headers or {})
    request = urllib.request.Request(url, data=body, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def wait_for(condition: Callable[[], Any], what: str, timeout_s: float = TIMEOUT_S) -> Any:
    """Poll `condition` until it is true; its value. Fails the test after `timeout_s`."""
    until = time.monotonic() + timeout_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def command(
    *args: str, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess:
    """Run `amoeba ARGS` to its end, on no terminal."""
    own = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return subprocess.run(
        [*AMOEBA, *args],
        cwd=cwd,
        env={**own, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Run:
    """`amoeba run` in the background, until the `with` block ends."""

    def __init__(self, folder: Path, *args: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._env = {**os.environ, **(env or {})}
        self._lines: list[str] = []
        self._out: list[str] = []
        self.process = subprocess.Popen(
            [*AMOEBA, "run", "--port", "0", "--admin-port", "0", *args],
            cwd=folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        streams = [(self.process.stderr, self._lines), (self.process.stdout, self._out)]
        self._readers = [threading.Thread(target=self._read, args=each) for each in streams]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(TIMEOUT_S)
        for reader in self._readers:
            reader.join(TIMEOUT_S)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    @property
    def err(self) -> str:
        return "".join(self._lines)

    @property
    def out(self) -> str:
        return "".join(self._out)

    def ready(self) -> Self:
        """Wait for the banner."""
        self.wait_for_line(r"stop with Ctrl-C")
        return self

    def wait_for_line(self, pattern: str, count: int = 1) -> None:
        def found() -> bool:
            if len(re.findall(pattern, self.err)) >= count:
                return True
            if self.process.poll() is not None and not any(r.is_alive() for r in self._readers):
                raise AssertionError(f"ended without {pattern!r}:\n{self.err}")
            return False

        wait_for(found, f"{pattern!r} in:\n{self.err}")

    @property
    def url(self) -> str:
        return self._banner()[0]

    @property
    def admin_url(self) -> str:
        return self._banner()[1]

    def get(self, path: str, **kwargs: Any) -> Answer:
        return fetch(f"{self.url}{path}", **kwargs)

    def admin(self, path: str) -> Answer:
        return fetch(f"{self.admin_url}{path}")

    def status(self) -> Any:
        done = command("status", "--json", cwd=self.folder, env=self._env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def replicas(self) -> list[dict[str, Any]]:
        """The replicas of this run, which may be one of several of its application."""
        import msgspec

        from amoeba.app import read_application
        from amoeba.cli.status import get_status

        application = read_application(self.folder / "amoeba.toml")
        with ThreadPoolExecutor(1) as pool:  # a test's own thread may run an event loop already
            found = pool.submit(get_status, application).result(TIMEOUT_S)
        mine = next(status for status in found if status.url == self.url)
        return [msgspec.to_builtins(each) for each in mine.replicas]

    def pids(self, process: str) -> list[int]:
        return [each["pid"] for each in self.status()["replicas"] if each["process"] == process]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal the supervisor and wait for its end; its exit code."""
        self.process.send_signal(number)
        return self.exit_code()

    def exit_code(self) -> int:
        code = self.process.wait(TIMEOUT_S)
        for reader in self._readers:
            reader.join(TIMEOUT_S)
        return code

    def _banner(self) -> tuple[str, str]:
        match = re.search(r"amoeba: (http\S+)  \(admin (http[^,]+),", self.err)
        assert match, self.err
        return match[1], match[2]

    @staticmethod
    def _read(stream: Any, into: list[str]) -> None:
        into.extend(stream)
