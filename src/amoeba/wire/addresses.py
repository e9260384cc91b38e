"""Where a replica listens: a Unix socket or TCP, as text `unix:/path` or `tcp:host:port`."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
from pathlib import Path

import msgspec

from amoeba.errors import WireError

LONGEST_PATH_BYTES = 107  # sun_path holds 108 with its terminating zero
_BACKLOG = 1024
_LAST_PORT = 65_535


class Address(msgspec.Struct, frozen=True):
    """Either `path`, or `host` and `port`."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path else f"tcp:{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Read `unix:/path` or `tcp:host:port`. Raises ValueError."""
    scheme, _, rest = text.partition(":")
    if scheme == "unix" and rest:
        return Address(path=rest)
    host, _, port = rest.rpartition(":")
    if scheme == "tcp" and host and re.fullmatch("[0-9]{1,5}", port) and int(port) <= _LAST_PORT:
        return Address(host=host, port=int(port))
    msg = f"{text!r} is no address: expected unix:/path or tcp:host:port"
    raise ValueError(msg)


def listen(address: Address) -> socket.socket:
    """A listening socket; a Unix one can be opened by this user only. Raises OSError."""
    if address.path:
        return _listen_unix(address.path)
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return _bound(sock, (address.host, address.port))


def _listen_unix(path: str) -> socket.socket:
    if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        msg = f"the socket path is longer than {LONGEST_PATH_BYTES} bytes: {path}"
        raise OSError(msg)
    with contextlib.suppress(FileNotFoundError):
        if Path(path).is_socket():  # a stale one; anything else is not ours to remove
            Path(path).unlink()
    sock = socket.socket(socket.AF_UNIX)
    # A socket is born with the mode of the file descriptor, so it is never open to others.
    os.fchmod(sock.fileno(), 0o600)
    sock = _bound(sock, path)
    Path(path).chmod(0o600)
    return sock


def _bound(sock: socket.socket, where: str | tuple[str, int]) -> socket.socket:
    try:
        sock.bind(where)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except BaseException:
        sock.close()
        raise
    return sock


def bound_address(sock: socket.socket) -> Address:
    """Where a listening socket can be reached."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return Address(path=name)
    return Address(host=name[0], port=name[1])


def check_peer(sock: socket.socket) -> None:
    """Raise WireError unless the process at the other end belongs to this user or to root."""
    if sock.family != socket.AF_UNIX or not hasattr(socket, "SO_PEERCRED"):
        return
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    if uid not in (os.getuid(), 0):
        msg = f"the peer runs as user {uid}, not as user {os.getuid()}"
        raise WireError(msg)
