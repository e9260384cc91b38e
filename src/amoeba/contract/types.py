"""Which types may cross, and where in a type the trouble is when one may not.

msgspec knows the types it can encode; this module walks what msgspec makes of a type, adds the
ones Amoeba teaches it (NumPy arrays, pydantic models), and names the path to anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import inspect as shapes

from amoeba.contract.generics import substitute
from amoeba.errors import Problem

CROSSING = (
    "builtins, dataclasses, msgspec.Struct, TypedDict, NamedTuple, enums, dates, UUID, Decimal, "
    "pydantic models, NumPy arrays, bytes"
)


def is_array(tp: Any) -> bool:
    """Whether `tp` is `numpy.ndarray`, with or without a dtype. Never imports NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and (get_origin(tp) or tp) is numpy.ndarray


def is_pydantic(tp: Any) -> bool:
    """Whether `tp` is a pydantic model class. Never imports pydantic."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(tp, type) and issubclass(tp, pydantic.BaseModel)


def type_problems(tp: Any, path: str) -> list[Problem]:
    """Everything in `tp` that cannot cross, each with its path, such as `text: $.scores[]`."""
    if unknown := _type_variables(tp):
        what = f"type variable {unknown[0]} has no value here"
        return [_problem(path, what, "give the contract types: class ItemStore(Store[Item], ...)")]
    try:
        shape = shapes.type_info(tp)
    except Exception as error:  # noqa: BLE001 - msgspec raises what a user's own class raises
        return [_locate(tp, path, error) or _problem(path, str(error), "")]
    return list(_unknown(shape, path, set()))


def _type_variables(tp: Any) -> tuple[Any, ...]:
    if isinstance(tp, TypeVar):
        return (tp,)
    return () if isinstance(tp, type) else getattr(tp, "__parameters__", ())


def children(shape: shapes.Type) -> list[tuple[str, shapes.Type]]:
    """The parts of a type, each with its step of a path: `.field`, `[]`, `{}`."""
    match shape:
        case shapes.Metadata(type=inner):
            return [("", inner)]
        case shapes.UnionType(types):
            return [("", part) for part in types]
        case shapes.DictType(key, value):
            return [("{key}", key), ("{}", value)]
        case shapes.TupleType(items):
            return [(f"[{index}]", item) for index, item in enumerate(items)]
    if isinstance(shape, shapes.CollectionType):
        return [("[]", shape.item_type)]
    return [(f".{each.name}", each.type) for each in getattr(shape, "fields", ())]


def _unknown(shape: shapes.Type, path: str, seen: set[int]) -> list[Problem]:
    if isinstance(shape, shapes.CustomType):
        return [] if _is_taught(shape.cls) else [_cannot_cross(shape.cls, path)]
    if id(shape) in seen:
        return []
    seen.add(id(shape))
    return [found for step, part in children(shape) for found in _unknown(part, path + step, seen)]


def _is_taught(tp: Any) -> bool:
    return is_array(tp) or is_pydantic(tp)


def _locate(tp: Any, path: str, error: Exception, seen: tuple[Any, ...] = ()) -> Problem | None:
    """The innermost part of `tp` that msgspec refuses by itself: that is where the trouble is.

    None when the only trouble is with a type that is being looked into already.
    """
    parts = _raw_children(tp)
    for step, part in parts:
        if part in seen:
            continue
        try:
            shapes.type_info(part)
        except Exception as inner:  # noqa: BLE001 - as above
            if found := _locate(part, path + step, inner, (*seen, tp)):
                return found
    if any(part in seen for _, part in parts):
        return None
    return _problem(path, str(error), _union_hint(str(error)))


def _raw_children(tp: Any) -> list[tuple[str, Any]]:
    """The parts of an annotation that msgspec could not make a shape of, with their steps."""
    origin, arguments = get_origin(tp), get_args(tp)
    if origin is Annotated:
        return [("", arguments[0])]
    if origin is Literal:
        return []
    if origin in (Union, UnionType):
        return [("", part) for part in arguments]
    if origin is tuple and Ellipsis not in arguments:
        return [(f"[{index}]", part) for index, part in enumerate(arguments)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return list(zip(("{key}", "{}"), arguments, strict=False))
    if isinstance(origin or tp, type) and hasattr(origin or tp, "__annotations__"):
        return _raw_fields(origin or tp, arguments)
    return [("[]", part) for part in arguments if part is not Ellipsis]


def _raw_fields(cls: Any, arguments: tuple[Any, ...]) -> list[tuple[str, Any]]:
    try:
        hints = get_type_hints(cls, include_extras=True)
    except Exception:  # noqa: BLE001 - an unresolvable name: msgspec's own message says which
        return []
    known = dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))
    return [(f".{name}", substitute(hint, known)) for name, hint in hints.items()]


def _union_hint(message: str) -> str:
    if "union" in message.lower():
        return "give each Struct of the union a tag (class A(Struct, tag=True)), or pass one type"
    return f"use one of: {CROSSING}"


def _cannot_cross(tp: Any, path: str) -> Problem:
    name = getattr(tp, "__qualname__", None) or str(tp)
    module = getattr(tp, "__module__", "")
    full = name if module in ("builtins", "typing", "") else f"{module}.{name}"
    return _problem(path, f"type {full} cannot cross", f"use one of: {CROSSING}")


def _problem(path: str, what: str, hint: str) -> Problem:
    return Problem(what=what, where=path, hint=hint)


def holds_arrays(tp: Any) -> bool:
    """Whether values of `tp` may hold NumPy arrays at any depth; a pydantic model may."""
    return _any_shape(tp, lambda s: isinstance(s, shapes.CustomType))


def holds_anything(tp: Any) -> bool:
    """Whether some part of `tp` is `Any`, which arrives as plain data."""
    return _any_shape(tp, lambda s: isinstance(s, shapes.AnyType))


def _any_shape(tp: Any, test: Any) -> bool:
    pending, seen = [shapes.type_info(tp)], set[int]()
    while pending:
        shape = pending.pop()
        if id(shape) in seen:
            continue
        seen.add(id(shape))
        if test(shape):
            return True
        pending += [part for _, part in children(shape)]
    return False


def resolve_error(error: BaseException) -> str:
    """What a failing annotation says, in a few words."""
    if isinstance(error, NameError):
        return f"the name {error.name!r} is not known when the contract is read"
    return f"{type(error).__name__}: {error}"


__all__ = [
    "children",
    "holds_anything",
    "holds_arrays",
    "is_array",
    "is_pydantic",
    "resolve_error",
    "type_problems",
]
