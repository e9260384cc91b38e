"""Whether an implementation keeps its contract; asked at start, not at the first call."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from amoeba.contract.generics import expand
from amoeba.contract.model import MISSING, Contract, Kind, Method, Parameter
from amoeba.contract.reading import public_methods, read_contract
from amoeba.errors import Problem, did_you_mean

_INERT = {"RESUME", "NOP", "POP_TOP", "RETURN_GENERATOR", "LOAD_CONST", "RETURN_CONST",
          "RETURN_VALUE", "COPY_FREE_VARS", "LOAD_SMALL_INT", "CALL_INTRINSIC_1", "RERAISE",
          "NOT_TAKEN"}  # fmt: skip

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def conformance_problems(contract: Contract, implementation: type, module: str) -> list[Problem]:
    """What `implementation` lacks or mistypes of `contract`; empty when it keeps it."""
    if not contract.is_protocol:
        return []
    own = public_methods(implementation)
    read = read_contract(implementation, module).methods
    problems: list[Problem] = []
    for name, method in contract.methods.items():
        where = f"{module}.{name}"
        if name not in own or _is_inherited_stub(own[name]):
            problems.append(_missing(implementation, where, name, set(own) - set(contract.methods)))
        else:
            problems += _method_problems(method, read[name], implementation, where)
    return problems


def _missing(implementation: type, where: str, name: str, others: set[str]) -> Problem:
    return Problem(
        what=f"{implementation.__qualname__} does not implement {name}()",
        where=where,
        hint=did_you_mean(name, others)
        or f"add the method to {implementation.__module__}:{implementation.__qualname__}",
    )


def _is_inherited_stub(found: tuple[type, Callable[..., Any]]) -> bool:
    """Whether the method is a Protocol's own `...`, which would silently return None."""
    owner, function = found
    return bool(getattr(owner, "_is_protocol", False)) and is_stub(function)


def is_stub(function: Callable[..., Any]) -> bool:
    """Whether a function's body is only a docstring, `...`, `pass` or NotImplementedError."""
    code = inspect.unwrap(function).__code__
    names = {each.opname for each in dis.get_instructions(code) if each.opname != "CACHE"}
    raises = set(code.co_names) == {"NotImplementedError"} and "RAISE_VARARGS" in names
    constants = set(code.co_consts) - {None, Ellipsis, function.__doc__}
    if raises:
        return all(isinstance(each, str) for each in constants)
    inert = all(name in _INERT or "GENERATOR" in name for name in names)
    return inert and not code.co_names and not constants


def _method_problems(wanted: Method, found: Method, cls: type, where: str) -> list[Problem]:
    name = f"{cls.__qualname__}.{wanted.name}"
    if wanted.kind is not found.kind:
        return [_kind_problem(wanted, found, name, where)]
    problems = _parameter_problems(wanted, found, name, where)
    if not compatible(found.returns, wanted.returns):
        problems.append(
            Problem(
                what=f"{name}() returns {_show(found.returns)}",
                where=where,
                expected=_show(wanted.returns),
            )
        )
    return problems


def _kind_problem(wanted: Method, found: Method, name: str, where: str) -> Problem:
    forms = {
        Kind.UNARY: "async def",
        Kind.STREAM: "def or async generator returning AsyncIterator[T]",
        Kind.BLOCKING: "def",
    }
    hint = ""
    if wanted.kind is Kind.UNARY and found.kind is Kind.BLOCKING:
        hint = "make it `async def`, or mark it `@amoeba.threaded` to run it in a worker thread"
    return Problem(
        what=f"{name}() is `{forms[found.kind]}`",
        where=where,
        expected=forms[wanted.kind],
        hint=hint,
    )


def _parameter_problems(wanted: Method, found: Method, name: str, where: str) -> list[Problem]:
    problems = []
    taken: set[str] = set()
    for index, parameter in enumerate(wanted.parameters):
        other = _counterpart(wanted, found, index)
        place = f"{where}({parameter.name})"
        if other is None:
            what = f"{name}() does not take {parameter.name!r} as the contract does"
            problems.append(Problem(what=what, where=place, expected=_line(wanted)))
            taken.add(parameter.name)
            continue
        if isinstance(other, str):  # *args or **kwargs
            continue
        taken.add(other.name)
        if not compatible(parameter.annotation, other.annotation):
            what = f"{name}() takes {_show(other.annotation)}"
            expected = _show(parameter.annotation)
            problems.append(Problem(what=what, where=place, expected=expected))
        elif other.required and not parameter.required:
            what = f"{name}() has no default for {parameter.name!r}, the contract has one"
            problems.append(Problem(what=what, where=place, expected=_line(wanted)))
    problems += [
        Problem(
            what=f"{name}() requires {extra.name!r}, which the contract does not pass",
            where=where,
            expected=_line(wanted),
        )
        for extra in found.parameters
        if extra.required and extra.name not in taken
    ]
    return problems


def _counterpart(wanted: Method, found: Method, index: int) -> Parameter | str | None:
    """What takes the contract's parameter at `index`: a parameter, "*" or "**", or nothing."""
    parameter = wanted.parameters[index]
    kinds = {name: each.kind for name, each in found.signature.parameters.items()}
    collects, options = _VARIABLE[0] in kinds.values(), _VARIABLE[1] in kinds.values()
    by_name = {each.name: each for each in found.parameters}
    same = by_name.get(parameter.name)
    if parameter.keyword_only:
        usable = same is not None and kinds[same.name] is not inspect.Parameter.POSITIONAL_ONLY
        return same if usable else ("**" if options else None)
    positional = [each for each in found.parameters if not each.keyword_only]
    there = positional[index] if index < len(positional) else None
    asked = wanted.signature.parameters[parameter.name].kind
    if asked is inspect.Parameter.POSITIONAL_ONLY:
        return there or ("*" if collects else None)
    if there is None:
        return "*" if collects and options else None
    by_keyword_too = kinds[there.name] is inspect.Parameter.POSITIONAL_OR_KEYWORD
    return there if there.name == parameter.name and by_keyword_too else None


def compatible(given: Any, wanted: Any) -> bool:
    """Whether a value of type `given` is surely not wrong where `wanted` is declared.

    Doubt counts as compatible: what can't be decided here is a type checker's work.
    """
    given, wanted = expand(given), expand(wanted)
    if given == wanted or MISSING in (given, wanted) or Any in (given, wanted) or wanted is object:
        return True
    if _is_union(given):
        return all(compatible(part, wanted) for part in get_args(given))
    if _is_union(wanted):
        return any(compatible(given, part) for part in get_args(wanted))
    origin, target = get_origin(given) or given, get_origin(wanted) or wanted
    if not isinstance(origin, type) or not isinstance(target, type):
        return True
    if not _inherits(origin, target):
        return False
    mine, theirs = get_args(given), get_args(wanted)
    if len(mine) != len(theirs):
        return True
    return all(compatible(a, b) for a, b in zip(mine, theirs, strict=True))


def _inherits(given: type, wanted: type) -> bool:
    if wanted is float and issubclass(given, int):
        return True
    try:
        return issubclass(given, wanted)
    except TypeError:  # a Protocol that cannot be asked
        return True


def _is_union(tp: Any) -> bool:
    return get_origin(tp) in (Union, UnionType)


def _show(tp: Any) -> str:
    if tp is MISSING:
        return "nothing declared"
    return tp.__qualname__ if isinstance(tp, type) and not get_args(tp) else str(tp)


def _line(method: Method) -> str:
    return f"{method.name}{method.signature}"
