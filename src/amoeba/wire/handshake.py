"""How two sides introduce themselves: one frame each way, before anything else.

The caller names the application, the module it wants and the fingerprint of the contract it
knows. The callee answers with a welcome, or refuses in words. A connection is for one module.
"""

from __future__ import annotations

from typing import Any

import msgspec

from amoeba.errors import WireError
from amoeba.wire.frames import DAMAGE
from amoeba.wire.limits import Bounds

WIRE_VERSION = 1
OLDEST_WIRE_VERSION = 1  # the wire speaks its own version and the one before


class Hello(msgspec.Struct, frozen=True):
    """The caller's side. `token` is the run's secret; `caller` is for logs.

    `blocking` says that the caller only reads while it waits for an answer.
    """

    application: str
    module: str
    fingerprint: str
    token: str = ""
    caller: str = ""
    blocking: bool = False
    bounds: Bounds = Bounds()
    wire: int = WIRE_VERSION
    oldest_wire: int = OLDEST_WIRE_VERSION


class Welcome(msgspec.Struct, frozen=True):
    """The callee's side. `wire` is the version that both will speak."""

    wire: int
    bounds: Bounds
    window_bytes: int


class Refusal(msgspec.Struct, frozen=True):
    """Why not. `contract` is the callee's description where the fingerprints differ."""

    reason: str
    contract: dict[str, Any] | None = None


_encode = msgspec.msgpack.Encoder().encode
_decode_hello = msgspec.msgpack.Decoder(Hello).decode
_decode_welcome = msgspec.msgpack.Decoder(Welcome).decode
_decode_refusal = msgspec.msgpack.Decoder(Refusal).decode


def encode(message: Hello | Welcome | Refusal) -> bytes:
    """Any of the three as msgpack."""
    return _encode(message)


def decode_hello(body: bytes) -> Hello:
    """The caller's introduction. Raises WireError."""
    try:
        return _decode_hello(body)
    except DAMAGE as error:
        msg = f"a damaged hello: {error}"
        raise WireError(msg) from None


def decode_welcome(body: bytes) -> Welcome:
    """The callee's answer. Raises WireError."""
    try:
        return _decode_welcome(body)
    except DAMAGE as error:
        msg = f"a damaged welcome: {error}"
        raise WireError(msg) from None


def decode_refusal(body: bytes) -> Refusal:
    """The callee's refusal, readable whatever it holds."""
    try:
        return _decode_refusal(body)
    except DAMAGE:
        return Refusal("refused for an unreadable reason")


def common_version(hello: Hello) -> int | None:
    """The newest wire version that both sides speak, or None."""
    newest = min(hello.wire, WIRE_VERSION)
    return newest if newest >= max(hello.oldest_wire, OLDEST_WIRE_VERSION) else None
