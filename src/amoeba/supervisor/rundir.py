"""The run directory: sockets, the lock that makes a run the only one, and what `status` reads.

`$XDG_RUNTIME_DIR/amoeba/<hash>`, else `/tmp/amoeba-<uid>/<hash>`; 0700, since a socket's path
must stay short and its folder is what keeps other users out.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from amoeba.errors import AmoebaError, ConfigurationError, Problem
from amoeba.runtime.control import SOCKET_NAME
from amoeba.wire.addresses import LONGEST_PATH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amoeba.app import Application

_RUN_FILE, _LOCK_FILE = "run.json", "lock"
_LOCK_ATTEMPTS, _LOCK_PAUSE_S = 3, 0.05


class RunInfo(msgspec.Struct):
    """What a supervisor leaves for `amoeba status` and `amoeba stop`."""

    pid: int
    application: str
    topology: str
    token: str
    url: str = ""
    admin_url: str = ""


class AlreadyRunning(AmoebaError):  # noqa: N818 - says what is the case
    """The same user already runs this application. `pid` is the supervisor's, 0 if unknown."""

    application: str
    pid: int
    url: str

    def __init__(self, application: str, pid: int, url: str) -> None:
        self.application, self.pid, self.url = application, pid, url
        super().__init__(application, pid, url)

    def __str__(self) -> str:
        where = f" at {self.url}" if self.url else ""
        return (
            f"{self.application!r} already runs{where} (pid {self.pid or 'unknown'})\n"
            "  hint: amoeba stop, or run beside it with --isolated"
        )


class RunDir:
    """One run's folder, locked for as long as the object lives."""

    def __init__(self, path: Path, lock: TextIO) -> None:
        self.path = path
        self._lock = lock

    def socket(self, name: str) -> str:
        """The path of a socket in the folder."""
        return str(self.path / name)

    def write(self, info: RunInfo) -> None:
        """Let `amoeba status` find the run. Raises ConfigurationError when that is impossible."""
        with _reported(self.path):
            target = self.path / _RUN_FILE
            target.touch(0o600)
            target.write_bytes(msgspec.json.encode(info))

    def close(self) -> None:
        """Remove the folder and give up the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def acquire(application: Application, *, isolated: bool = False) -> RunDir:
    """Take the application's run directory. Raises AlreadyRunning or ConfigurationError."""
    path = _folder(application)
    if isolated:
        path = path.with_name(f"{path.name}-{secrets.token_hex(3)}")
    _check_length(path)
    with _reported(path):
        _make_private(path.parent)
        _make_private(path)
        lock = _take_lock(path)
        if lock is None:
            info = read_info(path)
            pid, url = (info.pid, info.url) if info else (0, "")
            raise AlreadyRunning(application.name, pid, url)
        _clear(path)
    return RunDir(path, lock)


def _check_length(path: Path) -> None:
    """Raise ConfigurationError when the sockets in the folder would have too long a path."""
    length = len(os.fsencode(str(path / SOCKET_NAME)))
    if length > LONGEST_PATH_BYTES:
        what = f"its socket's path would be {length} bytes long"
        expected = f"{LONGEST_PATH_BYTES} bytes at most: no Unix socket may have more"
        hint = "set XDG_RUNTIME_DIR to a folder with a shorter path"
        raise ConfigurationError([Problem(what, "", expected, hint, file=str(path))])


def _take_lock(path: Path) -> TextIO | None:
    """The folder's lock, or None when another supervisor holds it.

    An orphaned host holds it for a moment while it cleans up after a killed supervisor.
    """
    for attempt in range(_LOCK_ATTEMPTS):
        lock = (path / _LOCK_FILE).open("a")
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (path / _LOCK_FILE).exists():
                return lock
            path.mkdir(mode=0o700, exist_ok=True)
        lock.close()
        time.sleep(_LOCK_PAUSE_S * (attempt + 1))
    return None


def find_runs(application: Application) -> list[tuple[Path, RunInfo]]:
    """The runs of this application by this user: the ordinary one first, then isolated ones."""
    base = _folder(application)
    folders = sorted(base.parent.glob(f"{base.name}*")) if base.parent.is_dir() else []
    found = [(folder, read_info(folder)) for folder in folders if _is_locked(folder)]
    return [(folder, info) for folder, info in found if info is not None]


def wait_until_gone(folder: Path, timeout_s: float) -> None:
    """Wait until the run in `folder` has ended. Raises TimeoutError."""
    until = time.monotonic() + timeout_s
    while _is_locked(folder):
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(_LOCK_PAUSE_S)


def read_info(folder: Path) -> RunInfo | None:
    """What the run in `folder` left, when it is readable."""
    try:
        return msgspec.json.decode((folder / _RUN_FILE).read_bytes(), type=RunInfo)
    except (OSError, msgspec.MsgspecError):
        return None


def _folder(application: Application) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    base = Path(runtime) / "amoeba" if runtime else Path(f"/tmp/amoeba-{os.getuid()}")  # noqa: S108
    file = str(Path(application.file).resolve())
    return base / hashlib.sha256(file.encode()).hexdigest()[:16]


def _make_private(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        msg = "it belongs to another user"
        raise PermissionError(0, msg)
    if status.st_mode & 0o077:
        path.chmod(0o700)


def _clear(path: Path) -> None:
    """Remove what a killed run left behind."""
    for left in path.iterdir():
        if left.name != _LOCK_FILE:
            left.unlink()


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / _LOCK_FILE).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = Problem(
            what=f"the run directory cannot be used: {error.strerror or error}",
            file=str(path),
            hint="free some space there, or set XDG_RUNTIME_DIR to a folder of your own",
        )
        raise ConfigurationError([problem]) from None
