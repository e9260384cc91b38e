"""The wire: how a call travels between processes.

A connection carries the calls of one process to one module of one replica. The caller says hello,
the callee welcomes or refuses it; then calls, answers, streams, credit and cancels share the
connection, told apart by a number the caller chose. `frames` draws the layout and `parser` reads
it; `connection` adds back-pressure; `client` and `server` are the two sides, `streams` the two
ends of a stream, `blocking` the caller that has no event loop.

The wire moves bytes and buffers; what they mean is the contract's. Nothing is ever unpickled. A
peer that breaks the protocol loses its own connection and harms nothing else.
"""

from amoeba.wire.addresses import Address, bound_address, listen, parse_address
from amoeba.wire.blocking import BlockingPool
from amoeba.wire.client import Client, ConnectionLost, Failed, connect
from amoeba.wire.frames import Metadata
from amoeba.wire.handshake import Hello
from amoeba.wire.limits import Holding, Limits
from amoeba.wire.server import Server, Service
from amoeba.wire.streams import Incoming

__all__ = [
    "Address",
    "BlockingPool",
    "Client",
    "ConnectionLost",
    "Failed",
    "Hello",
    "Holding",
    "Incoming",
    "Limits",
    "Metadata",
    "Server",
    "Service",
    "bound_address",
    "connect",
    "listen",
    "parse_address",
]
