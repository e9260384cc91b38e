"""Where a host listens, and who may connect there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from wire.peers import (
    HELLO,
    LIMITS,
    Till,
    calling,
    greeting,
    read_all,
    served,
    serving,
    sockets,
    until,
)

from amoeba.errors import WireError
from amoeba.wire import (
    Address,
    BlockingPool,
    Holding,
    bound_address,
    connect,
    listen,
    parse_address,
)
from amoeba.wire.addresses import check_peer

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/shop/till.sock", Address(path="/run/shop/till.sock")),
        ("unix:relative", Address(path="relative")),
        ("unix:/with:colon", Address(path="/with:colon")),
        ("tcp:127.0.0.1:80", Address(host="127.0.0.1", port=80)),
        ("tcp:example.org:65535", Address(host="example.org", port=65_535)),
        ("tcp:::1:80", Address(host="::1", port=80)),
    ],
)
def test_an_address_as_text_and_back(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    ["", "unix:", "unix", "/run/s", "tcp:", "tcp:host", "tcp:host:", "tcp::80", "tcp:host:http",
     "tcp:host:-1", "tcp:host:65536", "tcp:host:²", "udp:host:80"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address: expected unix:/path or tcp:host:port"):
        parse_address(text)


def test_a_unix_socket_is_for_this_user_only(unix: Address) -> None:
    with listen(unix) as sock:
        assert bound_address(sock) == unix
        mode = os.stat(unix.path).st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600


def test_a_permissive_umask_changes_nothing(unix: Address) -> None:
    umask = os.umask(0)
    try:
        with listen(unix):
            assert stat.S_IMODE(os.stat(unix.path).st_mode) == 0o600
    finally:
        os.umask(umask)


def test_the_socket_of_a_host_that_died_is_replaced(unix: Address) -> None:
    listen(unix).close()
    assert Path(unix.path).exists()
    with listen(unix), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(unix.path)


def test_what_is_no_socket_is_not_deleted(unix: Address) -> None:
    """A wrong path in the configuration must not cost a file."""
    Path(unix.path).write_text("the only copy")
    with pytest.raises(OSError, match=r".+"):
        listen(unix).close()
    assert Path(unix.path).read_text() == "the only copy"


def test_the_longest_path_that_fits_and_the_first_that_does_not(tmp_path: Path) -> None:
    name = "s" * (107 - len(os.fsencode(tmp_path)) - 1)
    longest = Address(path=str(tmp_path / name))
    with listen(longest), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(longest.path)
    with pytest.raises(OSError, match="the socket path is longer than 107 bytes: /"):
        listen(Address(path=longest.path + "s"))


def test_the_length_of_a_path_is_in_bytes(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="longer than 107 bytes"):
        listen(Address(path=str(tmp_path / ("ü" * 60))))


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        listen(Address(path=str(tmp_path / "none" / "s")))


def test_a_port_that_is_taken() -> None:
    with listen(Address(host="127.0.0.1")) as sock:
        taken = bound_address(sock)
        assert taken.port > 0
        with pytest.raises(OSError, match="in use"):
            listen(taken)


def test_this_user_is_accepted_and_tcp_is_not_asked() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, listen(Address(host="127.0.0.1")) as tcp:
        check_peer(ours)
        check_peer(tcp)


@contextlib.contextmanager
def another_user() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_to_all(tmp_path: Path) -> Path:
    """A folder that any user can reach and write: only the peer's credentials are in the way."""
    for folder in [tmp_path, *tmp_path.parents][:4]:  # one more where workers share them
        if folder != Path("/tmp") and folder.stat().st_uid == os.getuid():
            folder.chmod(0o777)
    return tmp_path


@as_root
def test_the_mode_of_the_socket_keeps_other_users_out(open_to_all: Path) -> None:
    address = Address(path=str(open_to_all / "s"))
    with (
        listen(address),
        socket.socket(socket.AF_UNIX) as caller,
        another_user(),
        pytest.raises(PermissionError),
    ):
        caller.connect(address.path)


@as_root
def test_a_caller_of_another_user_is_cut_off_although_the_mode_let_it_in(
    run, open_to_all: Path, caplog
) -> None:
    async def main() -> None:
        till = Till()
        async with serving(Address(path=str(open_to_all / "s")), till) as (server, bound):
            Path(bound.path).chmod(0o777)
            with socket.socket(socket.AF_UNIX) as caller:
                with another_user():
                    caller.connect(bound.path)
                caller.settimeout(10)
                with contextlib.suppress(BrokenPipeError):
                    caller.sendall(greeting())
                assert await asyncio.to_thread(read_all, caller) == b""
            await until(lambda: not server.connections)
            assert server.greeting == 0
            async with calling(bound) as client:
                await served(client)

    run(main())
    assert f"the peer runs as user {NOBODY}, not as user 0" in caplog.text


@contextlib.contextmanager
def another_users_host(folder: Path) -> Iterator[Address]:
    with another_user():
        sock = listen(Address(path=str(folder / "theirs")))
    with sock:
        yield bound_address(sock)


@as_root
def test_a_caller_does_not_talk_to_a_host_of_another_user(run, open_to_all: Path) -> None:
    async def main() -> None:
        with another_users_host(open_to_all) as address:
            before = sockets()
            with pytest.raises(WireError, match="the peer runs as user 65534, not as user 0"):
                await connect(address, HELLO, LIMITS, Holding(1))
            await until(lambda: sockets() == before)

    run(main())


@as_root
def test_a_blocking_caller_does_not_either(open_to_all: Path) -> None:
    with another_users_host(open_to_all) as address:
        pool = BlockingPool(address, HELLO, LIMITS, Holding(1))
        with pytest.raises(WireError, match="the peer runs as user 65534, not as user 0"):
            pool.call(0, (b"", ()), None, 1.0)
        pool.close()
