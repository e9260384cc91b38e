"""Contracts: what a module promises, and how its values cross from process to process.

A contract is a `Protocol` of typed methods, or the public methods of a class that has none yet.
`read_contract` turns it into data, with every finding about types that cannot cross; `describe`
and `fingerprint` make it comparable; `ContractCodec` and `ExceptionCodec` are what both ends of
a call encode and decode with; `conformance_problems` holds an implementation against it.

Nothing here knows where a module runs, opens a connection, or unpickles anything.
"""

from amoeba.contract.codec import ContractCodec, Message, MethodCodec
from amoeba.contract.conforming import conformance_problems
from amoeba.contract.describing import describe, differences, fingerprint
from amoeba.contract.exceptions import ExceptionCodec, check_raises
from amoeba.contract.marks import idempotent
from amoeba.contract.model import Contract, Kind, Method, Parameter
from amoeba.contract.reading import read_contract

__all__ = [
    "Contract",
    "ContractCodec",
    "ExceptionCodec",
    "Kind",
    "Message",
    "Method",
    "MethodCodec",
    "Parameter",
    "check_raises",
    "conformance_problems",
    "describe",
    "differences",
    "fingerprint",
    "idempotent",
    "read_contract",
]
