"""The HTTP client: one request in, one outcome out, whatever happens.

It talks to the target alone: redirects are answers, not followed; proxies, cookies and credentials
of the environment are not used. Connections are kept alive and as many as requests are in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from amoeba.errors import AmoebaError
from amoeba.load.extras import MissingExtra

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from amoeba.load.scenario import Target
    from amoeba.load.templates import Filled

CONNECT_S = 5.0
_KEEP_ALIVE_S = 4.0
"""Less than the five seconds after which uvicorn closes an idle connection, which would fail."""


class Unreachable(AmoebaError):  # noqa: N818 - says what is the case
    """Nothing answers at the target, so there is no load to speak of."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(url, reason)

    def __str__(self) -> str:
        return (
            f"nothing answers at {self.url}: {self.reason}\n"
            "  hint: start it (amoeba run), or name another: --url http://HOST:PORT"
        )


class Answer:
    """What came of a request: a status, or 0 and the `failure` in words."""

    __slots__ = ("failure", "status")

    def __init__(self, status: int, failure: str = "") -> None:
        self.status, self.failure = status, failure


class Client:
    """Sends to one target."""

    def __init__(self, session: ClientSession, url: str) -> None:
        import aiohttp
        from yarl import URL

        self._session, self._url, self._parse = session, url, URL
        self._error = aiohttp.ClientError

    async def send(self, request: Filled) -> Answer:
        """Send, and read the whole answer. Cancellation and timeouts are the caller's."""
        url = self._parse(self._url + request.path, encoded=True)
        try:
            async with self._session.request(
                request.method,
                url,
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
            ) as answer:
                async for _ in answer.content.iter_any():
                    pass
                return Answer(answer.status)
        except (self._error, OSError) as error:
            return Answer(0, _kind(error))


@contextlib.asynccontextmanager
async def open_client(target: Target) -> AsyncIterator[Client]:
    """A client of the target. Raises MissingExtra, or Unreachable when nothing answers there."""
    try:
        import aiohttp
    except ModuleNotFoundError:
        raise MissingExtra("aiohttp", "load") from None
    await _reach(target.url)
    _allow_descriptors(target.max_in_flight + 100)
    connector = aiohttp.TCPConnector(
        limit=0, ttl_dns_cache=None, keepalive_timeout=_KEEP_ALIVE_S, ssl=True
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        headers={"user-agent": "amoeba-load"},
    ) as session:
        yield Client(session, target.url)


async def _reach(url: str) -> None:
    """One connection, made and closed."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    except TimeoutError:
        raise Unreachable(url, f"no connection within {CONNECT_S:g} s") from None
    except socket.gaierror as error:
        raise Unreachable(url, f"the name is unknown: {error.strerror}") from None
    except OSError as error:
        raise Unreachable(url, os.strerror(error.errno) if error.errno else str(error)) from None


def _kind(error: Exception) -> str:
    """The failure in few words that are the same for all failures of the kind."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorError):
        refused = isinstance(error.os_error, ConnectionRefusedError)
        return "connection refused" if refused else "no connection"
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, OSError)):
        return "connection lost"
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientResponseError)):
        return "broken answer"
    return f"client: {type(error).__name__}"


def _allow_descriptors(wanted: int) -> None:
    """Raise this process's limit of open files as far as it may be, where there is one."""
    try:
        import resource
    except ModuleNotFoundError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        highest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, highest), hard))
