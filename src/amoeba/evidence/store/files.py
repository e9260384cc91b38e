"""The file's place: private to its user, written by one process, set aside when damaged.

Beside `evidence.db` stand SQLite's own `-wal` and `-shm`, and `-lock`, which names the writer. A
running process must not open the database file itself: closing it would drop SQLite's locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from amoeba.evidence.store.errors import StoreError, from_system

_FOLDER, _NAME, _IGNORE = ".amoeba", "evidence.db", ".gitignore"
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


def evidence_path(root: Path) -> Path:
    """Where an application, whose `amoeba.toml` is in `root`, has its evidence."""
    return root / _FOLDER / _NAME


def private_folder(root: Path) -> Path:
    """`.amoeba` beside `amoeba.toml`, made if it is not there. Raises StoreError."""
    path = evidence_path(root)
    make_folder(path)
    return path.parent


def beside(path: Path, suffix: str) -> Path:
    """`-wal`, `-shm` or `-lock` of the file."""
    return path.with_name(path.name + suffix)


def make_folder(path: Path) -> None:
    """The file's folder, 0700 and unknown to git if it is made here. Raises StoreError."""
    folder = path.parent
    if folder.is_dir():
        return
    try:
        folder.mkdir(parents=True)
        folder.chmod(_PRIVATE_FOLDER)
        (folder / _IGNORE).write_text("*\n")
    except OSError as error:
        raise from_system(error, path) from None


def make_private(path: Path) -> None:
    """The file, 0600 whatever the umask, made when it is not there. Raises StoreError.

    A file of another user is refused: whoever owns it could read what is measured, or have laid
    it there; and run as root, SQLite's side files would lock its owner out.
    """
    try:
        with contextlib.suppress(FileExistsError):
            _create(path)
        status = path.stat()
        if status.st_uid != os.geteuid():
            what = f"it belongs to another user (uid {status.st_uid})"
            expected = f"a file of the user who runs the application (uid {os.geteuid()})"
            raise StoreError("foreign", what, str(path), expected, "run as its owner, or move it")
        if not path.is_dir():
            path.chmod(_PRIVATE_FILE)
    except OSError as error:
        raise from_system(error, path) from None


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE_FILE)
    os.close(descriptor)


class WriterLock:
    """Held by the one process that writes; the kernel gives it up when that is killed."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError (`busy`) when another process, or another Store here, holds it."""
        try:
            flags = os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW
            self._descriptor = os.open(beside(path, "-lock"), flags, _PRIVATE_FILE)
        except OSError as error:
            raise from_system(error, path) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            self.release()
            what = f"another run (pid {who}) writes it"
            raise StoreError("busy", what, str(path), "one writer", "amoeba stop") from None
        with contextlib.suppress(OSError):
            os.fchmod(self._descriptor, _PRIVATE_FILE)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let another process write."""
        os.close(self._descriptor)


def set_aside(path: Path, now_s: float) -> Path:
    """Move a damaged file, or what stands in its place, out of the way; the newest one is kept.

    Returns its new path. Raises StoreError when that is impossible.
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s))
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    try:
        _forget_earlier(path)
        if aside.exists():  # a folder that was set aside within the same second
            aside = aside.with_name(f"{aside.name}-{os.getpid()}-{time.monotonic_ns()}")
        path.replace(aside)
        with contextlib.suppress(FileNotFoundError):
            beside(path, "-wal").replace(beside(aside, "-wal"))
        beside(path, "-shm").unlink(missing_ok=True)
    except OSError as error:
        raise from_system(error, path) from None
    return aside


def _forget_earlier(path: Path) -> None:
    for earlier in path.parent.glob(f"{path.name}.damaged-*"):
        if earlier.is_file():
            earlier.unlink()


def file_id(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one at the same path; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def size_bytes(path: Path) -> int:
    """What a file takes; 0 when there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
