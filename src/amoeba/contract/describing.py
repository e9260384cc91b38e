"""A contract as plain data, and the fingerprint that two processes compare when they meet."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec import inspect as shapes

from amoeba.contract.model import MISSING, Contract, Method, Parameter
from amoeba.contract.types import is_array, is_pydantic

Description = dict[str, Any]


def describe(contract: Contract) -> Description:
    """The contract as JSON-like data: methods, parameters, defaults, and each named type once.

    Only what decides whether two sides understand each other is in it; documentation is not.
    """
    types: Description = {}
    return {
        "methods": {name: _method(m, types) for name, m in contract.methods.items()},
        "types": {name: types[name] for name in sorted(types)},
    }


def fingerprint(contract: Contract) -> str:
    """32 hex digits that are equal exactly when two descriptions are."""
    data = msgspec.json.encode(describe(contract), order="deterministic")
    return hashlib.sha256(data).hexdigest()[:32]


def _method(method: Method, types: Description) -> Description:
    return {
        "kind": str(method.kind),
        "idempotent": method.idempotent,
        "parameters": [_parameter(each, types) for each in method.parameters],
        "returns": _type(method.returns, types),
    }


def _parameter(parameter: Parameter, types: Description) -> Description:
    described = {"name": parameter.name, "type": _type(parameter.annotation, types)}
    if parameter.keyword_only:
        described["keyword_only"] = True
    if not parameter.required:
        described["default"] = _value(parameter.default)
    return described


def _value(value: Any) -> Any:
    try:
        return msgspec.to_builtins(value, str_keys=True, order="deterministic")
    except Exception:  # noqa: BLE001 - a default may be anything; its type is all that can be said
        return {"opaque": type(value).__qualname__}


def _type(tp: Any, types: Description) -> Any:
    if tp is MISSING:
        return "untyped"
    try:
        shape = shapes.type_info(tp)
    except Exception:  # noqa: BLE001 - a type that cannot cross is described by its name
        return {"opaque": str(tp)}
    return _shape(shape, types)


def _shape(shape: shapes.Type, types: Description) -> Any:
    kind = type(shape).__name__.removesuffix("Type").lower()
    match shape:
        case shapes.Metadata(type=inner):
            return _shape(inner, types)
        case shapes.UnionType(parts):
            return {"union": [_shape(part, types) for part in parts]}
        case shapes.DictType(key, value):
            return {"dict": [_shape(key, types), _shape(value, types)]}
        case shapes.TupleType(items):
            return {"tuple": [_shape(item, types) for item in items]}
        case shapes.LiteralType(values):
            return {"literal": list(values)}
        case shapes.EnumType(cls):
            return {"enum": {member.name: _value(member.value) for member in cls}}
        case shapes.CustomType(cls):
            return _custom(cls)
    if isinstance(shape, shapes.CollectionType):
        return {kind: _shape(shape.item_type, types)}
    if hasattr(shape, "fields"):
        return _fields(kind, shape, types)
    limits = {
        name: value
        for name in getattr(shape, "__struct_fields__", ())
        if (value := getattr(shape, name)) is not None
    }
    return {kind: limits} if limits else kind


def _custom(cls: Any) -> Any:
    if is_array(cls):
        return {"array": str(cls)}
    if is_pydantic(cls):
        return {"pydantic": cls.__qualname__, "schema": cls.model_json_schema()}
    return {"opaque": str(cls)}


def _fields(kind: str, shape: Any, types: Description) -> Description:
    name = shape.cls.__qualname__
    arguments = getattr(shape.cls, "__args__", ())
    name += f"[{', '.join(map(str, arguments))}]" if arguments else ""
    if name not in types:
        types[name] = {}  # stands in while the type is being read: a type may hold itself
        described: Description = {"kind": kind, "fields": [_field(f, types) for f in shape.fields]}
        for option in ("tag", "tag_field", "array_like", "forbid_unknown_fields"):
            if getattr(shape, option, None):
                described[option] = getattr(shape, option)
        types[name] = described
    return {"ref": name}


def _field(field: Any, types: Description) -> Description:
    described = {"name": field.encode_name, "type": _shape(field.type, types)}
    if not field.required:
        described["default"] = (
            _value(field.default) if field.default is not msgspec.NODEFAULT else "made"
        )
    return described


def differences(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Where two descriptions differ, one line each: `$.methods.classify: only the caller has it`.

    `ours` is the caller's, `theirs` the callee's.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lines = []
        for key in sorted({*ours, *theirs}):
            here = f"{path}.{key}"
            if key not in theirs:
                lines.append(f"{here}: only the caller has it")
            elif key not in ours:
                lines.append(f"{here}: only the callee has it")
            else:
                lines += differences(ours[key], theirs[key], here)
        return lines
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for i, (a, b) in pairs for line in differences(a, b, f"{path}[{i}]")]
    if ours == theirs:
        return []
    return [f"{path}: the caller has {_short(ours)}, the callee has {_short(theirs)}"]


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
