"""What a contract is once it has been read: plain data about methods, parameters and types."""

from __future__ import annotations

import enum
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amoeba.errors import Problem

MISSING = inspect.Parameter.empty


class Kind(enum.StrEnum):
    """How a method is called."""

    UNARY = "unary"  # async def: one answer
    STREAM = "stream"  # def -> AsyncIterator[T]: many items
    BLOCKING = "blocking"  # a plain def of a class without a contract: the caller's thread waits


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, without `self`. `annotation` is MISSING where the author wrote none."""

    name: str
    annotation: Any
    default: Any = MISSING
    keyword_only: bool = False

    @property
    def required(self) -> bool:
        """Whether a caller must pass it."""
        return self.default is MISSING


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a contract. `returns` is the item's type where `kind` is a stream."""

    name: str
    kind: Kind
    parameters: tuple[Parameter, ...]
    returns: Any
    signature: inspect.Signature
    idempotent: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """What a module promises.

    `methods` is sorted by name: a method's position is its number on the wire. `problems` are
    findings that make the contract unusable anywhere; those of a method only matter once it
    crosses from process to process.
    """

    name: str
    cls: type
    is_protocol: bool
    methods: Mapping[str, Method]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def crossing_problems(self) -> tuple[Problem, ...]:
        """Everything that stands in the way of calling this contract in another process."""
        found = [problem for method in self.methods.values() for problem in method.problems]
        return (*self.problems, *found)
