"""Routes: which replicas answer for a module, and which of them takes the next call."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from typing import TYPE_CHECKING, Any

import msgspec

from amoeba.errors import Unavailable, WireError
from amoeba.wire import (
    BlockingPool,
    Client,
    ConnectionLost,
    Hello,
    Holding,
    Limits,
    connect,
    parse_address,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST_BACK_OFF_S, _LAST_BACK_OFF_S = 0.05, 1.0


class Endpoint(msgspec.Struct, frozen=True):
    """One replica that serves a module. `address`: see `wire.addresses`."""

    replica: str
    address: str

    @property
    def name(self) -> str:
        """The replica's name, the same for each of its starts."""
        return self.replica.partition("/")[0]


class Routes(msgspec.Struct, frozen=True):
    """The whole table, pushed to hosts. `down` says why a module has no replica at all."""

    version: int = 0
    modules: dict[str, tuple[Endpoint, ...]] = {}
    down: dict[str, str] = {}


class Replica:
    """One replica as a host sees it: connections, made when first needed."""

    def __init__(self, endpoint: Endpoint, pool: Pool) -> None:
        self.endpoint = endpoint
        self._pool = pool
        self._client: Client | None = None
        self._connecting: asyncio.Task[Client] | None = None
        self._blocking: BlockingPool | None = None
        self._back_off_s = 0.0
        self._retry_at = 0.0
        self.last_error = ""

    @property
    def client(self) -> Client | None:
        """The connection, when calls can be sent on it now."""
        client = self._client
        return client if client is not None and client.usable else None

    @property
    def resting(self) -> bool:
        """Whether it failed so recently that it is not asked again yet."""
        return time.monotonic() < self._retry_at

    async def connected(self) -> Client:
        """The connection, made once for all who wait. Raises ConnectionLost or WireError."""
        client = self.client
        if client is not None:
            return client
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(self._connect())
        connecting = self._connecting
        await asyncio.wait([connecting])
        if connecting.cancelled():
            msg = "the replica was taken away"
            raise ConnectionLost(msg, sent=False)
        return connecting.result()

    def blocking(self) -> BlockingPool:
        """Connections for callers that block their thread."""
        if self._blocking is None:
            self._blocking = BlockingPool(parse_address(self.endpoint.address), *self._pool.terms)
        return self._blocking

    def failed(self, reason: str) -> None:
        """Rest a little longer after each failure in a row."""
        self.last_error = reason
        self._back_off_s = min(_LAST_BACK_OFF_S, max(_FIRST_BACK_OFF_S, 2 * self._back_off_s))
        self._retry_at = time.monotonic() + self._back_off_s

    def close(self) -> None:
        """Close idle connections; a busy one closes when its last call is answered."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._client is not None:
            self._client.retire()
        if self._blocking is not None:
            self._blocking.close()

    async def _connect(self) -> Client:
        hello, limits, holding = self._pool.terms
        try:
            address = parse_address(self.endpoint.address)
            client = await connect(address, hello, limits, holding, self._pool.description)
        except WireError as error:
            self.failed(error.reason)
            raise
        finally:
            self._connecting = None
        self._back_off_s = 0.0
        client.replica = self.endpoint.name
        self._client = client
        return client


class Pool:
    """The replicas of one module, as one host sees them."""

    def __init__(
        self,
        hello: Hello,
        limits: Limits,
        holding: Holding,
        description: dict[str, Any],
        *,
        keyed: bool = False,
    ) -> None:
        self.module = hello.module
        self.terms = (hello, limits, holding)
        self.description = description
        self._keyed = keyed
        self._replicas: dict[Endpoint, Replica] = {}
        self._down = ""

    def update(self, endpoints: Sequence[Endpoint], down: str) -> None:
        """Use these replicas from now on; calls in flight elsewhere end where they are."""
        self._down = down
        wanted = dict.fromkeys(endpoints)
        for endpoint in [each for each in self._replicas if each not in wanted]:
            self._replicas.pop(endpoint).close()
        for endpoint in wanted:
            if endpoint not in self._replicas:
                self._replicas[endpoint] = Replica(endpoint, self)

    def close(self) -> None:
        """Forget every replica."""
        self.update((), "the host stopped")

    def pick(self, key: bytes | None) -> Client | None:
        """A connection that can be used at once, or None: then await `connected`."""
        if self._keyed:
            return self._by_key(key).client if self._replicas else None
        usable = [c for c in (r.client for r in self._replicas.values()) if c is not None]
        if len(usable) < len(self._replicas) and self._untried():
            return None
        if len(usable) < 2:
            return usable[0] if usable else None
        # The power of two choices: of two at random, the one with fewer calls in flight.
        one, other = random.sample(usable, 2)
        return one if one.in_flight <= other.in_flight else other

    async def connected(self, key: bytes | None) -> Client:
        """A connection to some replica. Raises Unavailable when none can be reached now."""
        reason = self._down or "no replica is ready"
        for replica in self._candidates(key):
            try:
                return await replica.connected()
            except ConnectionLost as error:
                reason = error.reason
            except WireError as error:
                raise Unavailable(self.module, error.reason) from None
        raise Unavailable(self.module, reason)

    def blocking(self, key: bytes | None) -> list[Replica]:
        """The replicas to try in turn. Raises Unavailable when there is none."""
        candidates = self._candidates(key)
        if not candidates:
            raise Unavailable(self.module, self._down or "no replica is ready")
        return candidates

    def _untried(self) -> bool:
        return any(r.client is None and not r.resting for r in self._replicas.values())

    def _candidates(self, key: bytes | None) -> list[Replica]:
        if self._keyed and self._replicas:
            chosen = self._by_key(key)
            return [] if chosen.resting else [chosen]
        candidates = [replica for replica in self._replicas.values() if not replica.resting]
        random.shuffle(candidates)
        return sorted(candidates, key=lambda replica: replica.client is not None)

    def _by_key(self, key: bytes | None) -> Replica:
        """Rendezvous hashing: a key keeps its replica when others come and go."""

        def weight(endpoint: Endpoint) -> bytes:
            return hashlib.blake2b((key or b"") + endpoint.replica.encode()).digest()

        return self._replicas[max(self._replicas, key=weight)]
