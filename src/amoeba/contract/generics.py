"""What the type variables of a generic contract stand for in the class that inherits it."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar, get_args, get_origin

Arguments = dict[Any, Any]


def type_arguments(cls: Any) -> dict[type, Arguments]:
    """For each class that `cls` inherits from: its type variables and what they stand for."""
    origin = get_origin(cls)
    own = dict(zip(origin.__parameters__, get_args(cls), strict=True)) if origin else {}
    found: dict[type, Arguments] = {}
    _collect(origin or cls, own, found)
    return found


def _collect(cls: type, known: Arguments, found: dict[type, Arguments]) -> None:
    found[cls] = known
    for base in getattr(cls, "__orig_bases__", cls.__bases__):
        origin = get_origin(base) or base
        parameters = getattr(origin, "__parameters__", ())
        values = [substitute(argument, known) for argument in get_args(base)]
        if isinstance(origin, type) and origin not in found:
            paired = zip(parameters, values, strict=False) if values else ()
            _collect(origin, dict(paired), found)
    for plain in cls.__bases__:
        if plain not in found:
            _collect(plain, {}, found)


def expand(annotation: Any) -> Any:
    """`annotation` without Annotated, and with an alias of `type X = ...` written out."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        alias = get_origin(annotation) or annotation
        if type(alias).__name__ != "TypeAliasType":
            return annotation
        known = dict(zip(alias.__type_params__, get_args(annotation), strict=False))
        annotation = substitute(alias.__value__, known)


def substitute(annotation: Any, arguments: Arguments) -> Any:
    """`annotation` with its type variables replaced by what they stand for."""
    if isinstance(annotation, TypeVar):
        return arguments.get(annotation, annotation)
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(arguments.get(parameter, parameter) for parameter in parameters)]
