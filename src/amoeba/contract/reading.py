"""Reads a contract: a `Protocol`, or the public methods of a class that has none."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from typing import Any, Protocol, get_args, get_origin

from amoeba.contract.generics import Arguments, substitute, type_arguments
from amoeba.contract.marks import is_idempotent
from amoeba.contract.model import MISSING, Contract, Kind, Method, Parameter
from amoeba.contract.types import resolve_error, type_problems
from amoeba.errors import Problem

_ITERATORS = (AsyncIterator, AsyncIterable, AsyncGenerator)
_SKIPPED_BASES = (object, Protocol, typing.Generic)
_MAX_METHODS = 65_535


def read_contract(cls: Any, module: str = "") -> Contract:
    """Read `cls`, a Protocol or any class, as the contract of `module` (used in messages).

    Never raises for what the author wrote: what is wrong is in the contract's `problems`.
    """
    origin = get_origin(cls) or cls
    is_protocol = bool(getattr(origin, "_is_protocol", False))
    label = module or origin.__name__
    arguments = type_arguments(cls)
    methods = {
        name: _read_method(function, name, label, arguments.get(owner, {}), is_protocol)
        for name, (owner, function) in sorted(public_methods(origin).items())
    }
    return Contract(
        name=f"{origin.__module__}:{origin.__qualname__}",
        cls=origin,
        is_protocol=is_protocol,
        methods=methods,
        problems=tuple(_contract_problems(origin, label, methods, is_protocol)),
    )


def public_methods(cls: type) -> dict[str, tuple[type, Callable[..., Any]]]:
    """Public methods by name, inherited ones and `__call__` too, each with the class that has it.

    Properties, static and class methods, underscores and other dunders are no part of a contract.
    """
    found: dict[str, tuple[type, Callable[..., Any]]] = {}
    for owner in reversed(cls.__mro__):
        if owner in _SKIPPED_BASES:
            continue
        for name, member in vars(owner).items():
            if name.startswith("_") and name != "__call__":
                continue
            if _is_method(member):
                found[name] = (owner, member)
            else:
                found.pop(name, None)
    return found


def _is_method(member: Any) -> bool:
    if isinstance(member, staticmethod | classmethod | property | type):
        return False
    return inspect.isfunction(inspect.unwrap(member))


def _contract_problems(
    cls: type, label: str, methods: dict[str, Method], is_protocol: bool
) -> list[Problem]:
    problems = []
    if not methods:
        problems.append(
            Problem(
                what=f"{cls.__qualname__} has no public method",
                where=label,
                hint="a contract needs at least one method that other modules call",
            )
        )
    if is_protocol:
        problems += [
            Problem(
                what=f"attribute {name!r} cannot be part of a contract",
                where=label,
                hint=f"replace it by a method: async def get_{name}(self) -> ...",
            )
            for name in _protocol_attributes(cls)
        ]
        problems += [_sync_problem(label, m) for m in methods.values() if m.kind is Kind.BLOCKING]
    return problems


def _protocol_attributes(cls: type) -> list[str]:
    bases = [base for base in cls.__mro__ if getattr(base, "_is_protocol", False)]
    names = {name for base in bases for name in vars(base).get("__annotations__", ())}
    names |= {n for base in bases for n, m in vars(base).items() if isinstance(m, property)}
    return sorted(name for name in names if not name.startswith("_"))


def _sync_problem(label: str, method: Method) -> Problem:
    return Problem(
        what="a contract's method must be `async def`, or `def` returning AsyncIterator[T]",
        where=f"{label}.{method.name}",
        hint=f"write `async def {method.name}(...)`; "
        "a CPU-bound implementation may then be `@amoeba.threaded def`",
    )


def _read_method(
    function: Callable[..., Any], name: str, label: str, arguments: Arguments, is_protocol: bool
) -> Method:
    where = f"{label}.{name}"
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]
    hints, problems = _hints(function, [*(p.name for p in own), "return"], where)
    hints = {key: substitute(hint, arguments) for key, hint in hints.items()}
    parameters, found = _read_parameters(own, hints, where)
    problems += found
    kind, returns = _read_return(function, hints.get("return", MISSING))
    problems += _return_problems(kind, returns, where, function, is_protocol)
    return Method(
        name=name,
        kind=kind,
        parameters=parameters,
        returns=returns,
        signature=signature.replace(parameters=own),
        idempotent=is_idempotent(function),
        problems=tuple(problems),
    )


def _hints(
    function: Callable[..., Any], names: list[str], where: str
) -> tuple[dict[str, Any], list[Problem]]:
    target = inspect.unwrap(function)
    try:
        return typing.get_type_hints(target, include_extras=True), []
    except Exception as error:  # noqa: BLE001 - an annotation is the user's code
        problem = Problem(
            what=f"an annotation cannot be read: {resolve_error(error)}",
            where=where,
            hint="import the name where the contract is defined, not only under TYPE_CHECKING",
        )
        return dict.fromkeys(names, MISSING), [problem]


def _read_parameters(
    own: list[inspect.Parameter], hints: dict[str, Any], where: str
) -> tuple[tuple[Parameter, ...], list[Problem]]:
    parameters, problems = [], []
    for each in own:
        path = f"{where}({each.name})"
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            star = "*" if each.kind is each.VAR_POSITIONAL else "**"
            problems.append(
                Problem(
                    what=f"{star}{each.name} cannot cross",
                    where=path,
                    hint="name the parameters, or take one list or dict",
                )
            )
            continue
        annotation = hints.get(each.name, MISSING)
        problems += _annotation_problems(annotation, path)
        keyword_only = each.kind is each.KEYWORD_ONLY
        parameters.append(Parameter(each.name, annotation, each.default, keyword_only))
    return tuple(parameters), problems


def _annotation_problems(annotation: Any, path: str) -> list[Problem]:
    if annotation is MISSING:
        return [Problem(what="has no type", where=path, hint="annotate it, so that it can cross")]
    return type_problems(annotation, f"{path}: $")


def _read_return(function: Callable[..., Any], returns: Any) -> tuple[Kind, Any]:
    origin = get_origin(returns) or returns
    iterates = isinstance(origin, type) and origin in _ITERATORS
    if iterates and not inspect.iscoroutinefunction(function):
        return Kind.STREAM, (get_args(returns) or (MISSING,))[0]
    if inspect.isasyncgenfunction(function):
        return Kind.STREAM, MISSING
    kind = Kind.UNARY if inspect.iscoroutinefunction(function) else Kind.BLOCKING
    return kind, returns


def _return_problems(
    kind: Kind, returns: Any, where: str, function: Callable[..., Any], is_protocol: bool
) -> list[Problem]:
    path = f"{where} -> "
    origin = get_origin(returns) or returns
    if kind is Kind.UNARY and isinstance(origin, type) and origin in _ITERATORS:
        return [
            Problem(
                what="an `async def` that returns an AsyncIterator is two waits, not a stream",
                where=where,
                hint=f"write `def {function.__name__}(...) -> AsyncIterator[T]` without `async`",
            )
        ]
    if returns is MISSING and not is_protocol and kind is Kind.BLOCKING:
        return [Problem(what="has no return type", where=where, hint="annotate it")]
    if returns is MISSING:
        return [Problem(what="has no return type", where=where, hint="annotate it, None included")]
    return type_problems(type(None) if returns is None else returns, f"{path}$")
