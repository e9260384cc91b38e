"""A contract as plain data, and the fingerprint that two processes compare when they meet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

import msgspec
from msgspec import inspect as shapes

from amoeba.contract.generics import expand
from amoeba.contract.model import MISSING, Contract, Method, Parameter
from amoeba.contract.types import is_array, is_pydantic

if TYPE_CHECKING:
    from collections.abc import Iterator

Description = dict[str, Any]

_LIMITS = {"gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz"}
_WORDS = {"title", "description", "examples"}


class Types:
    """The named types of a contract, each described once."""

    def __init__(self) -> None:
        self.described: Description = {}
        self._owners: dict[str, Any] = {}

    def name_of(self, cls: Any) -> str:
        """The class's name; with its module when another class of the contract has the same."""
        arguments = getattr(cls, "__args__", ())
        name: str = cls.__qualname__ + (f"[{', '.join(map(str, arguments))}]" if arguments else "")
        if self._owners.setdefault(name, cls) is not cls and self._owners[name] != cls:
            name = f"{cls.__module__}.{name}"
        return name


def describe(contract: Contract) -> Description:
    """The contract as JSON-like data: methods, parameters, defaults, and each named type once.

    Only what decides whether two sides understand each other is in it; documentation is not.
    """
    types = Types()
    return {
        "methods": {name: _method(m, types) for name, m in contract.methods.items()},
        "types": {name: types.described[name] for name in sorted(types.described)},
    }


def fingerprint(contract: Contract) -> str:
    """32 hex digits that are equal exactly when two descriptions are."""
    data = msgspec.json.encode(describe(contract), order="deterministic")
    return hashlib.sha256(data).hexdigest()[:32]


def _method(method: Method, types: Types) -> Description:
    return {
        "kind": str(method.kind),
        "idempotent": method.idempotent,
        "parameters": [_parameter(each, types) for each in method.parameters],
        "returns": _type(method.returns, types),
    }


def _parameter(parameter: Parameter, types: Types) -> Description:
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


def _type(tp: Any, types: Types) -> Any:
    if tp is MISSING:
        return "untyped"
    try:
        shape = shapes.type_info(tp)
    except Exception:  # noqa: BLE001 - a type that cannot cross is described by its name
        return {"opaque": str(tp)}
    return _with_arrays(_shape(shape, types), tp)


def _with_arrays(described: Any, annotation: Any) -> Any:
    """A description with the dtypes of arrays: msgspec's shapes have lost them."""
    found = list(_dtypes(annotation))
    return {"of": described, "dtypes": found} if found else described


def _dtypes(annotation: Any) -> Iterator[str]:
    annotation = expand(annotation)
    if is_array(annotation):
        arguments = getattr(annotation, "__args__", ())
        yield str(expand(arguments[-1])) if arguments else "any"
        return
    for part in getattr(annotation, "__args__", ()):
        yield from _dtypes(part)


def _shape(shape: shapes.Type, types: Types) -> Any:
    match shape:
        case shapes.Metadata(type=inner):
            return _shape(inner, types)
        case shapes.UnionType(parts):
            return {"union": [_shape(part, types) for part in parts]}
        case shapes.DictType(key, value):
            return {"dict": [_shape(key, types), _shape(value, types)], **_limits(shape)}
        case shapes.TupleType(items):
            return {"tuple": [_shape(item, types) for item in items]}
        case shapes.LiteralType(values):
            return {"literal": list(values)}
        case shapes.EnumType(cls):
            return {"enum": {member.name: _value(member.value) for member in cls}}
        case shapes.CustomType(cls):
            return _custom(cls)
    kind = type(shape).__name__.removesuffix("Type").lower()
    if isinstance(shape, shapes.CollectionType):
        return {kind: _shape(shape.item_type, types), **_limits(shape)}
    if hasattr(shape, "fields"):
        return _record(kind, shape, types)
    return {kind: _limits(shape)} if _limits(shape) else kind


def _limits(shape: shapes.Type) -> Description:
    """What `msgspec.Meta` restricts."""
    names = set(getattr(shape, "__struct_fields__", ())) & _LIMITS
    return {n: getattr(shape, n) for n in sorted(names) if getattr(shape, n) is not None}


def _custom(cls: Any) -> Any:
    if is_array(cls):
        return "array"
    if not is_pydantic(cls):
        return {"opaque": str(cls)}
    try:
        schema = _without_words(cls.model_json_schema())
    except Exception:  # noqa: BLE001 - a model may hold what JSON has no schema for
        schema = {name: str(field.annotation) for name, field in cls.model_fields.items()}
    return {"pydantic": cls.__qualname__, "schema": schema}


def _without_words(schema: Any) -> Any:
    """A JSON schema without its documentation."""
    if isinstance(schema, list):
        return [_without_words(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_words(value)
        for key, value in schema.items()
        # A property of the same name has a schema of its own, and stays.
        if key not in _WORDS or isinstance(value, dict)
    }


def _record(kind: str, shape: Any, types: Types) -> Description:
    name = types.name_of(shape.cls)
    if name not in types.described:
        types.described[name] = {}  # stands in while it is being read: a type may hold itself
        hints = _hints(shape.cls)
        described: Description = {
            "kind": kind,
            "fields": [_field(each, hints.get(each.name), types) for each in shape.fields],
        }
        for option in ("tag", "tag_field", "array_like", "forbid_unknown_fields"):
            if getattr(shape, option, None):
                described[option] = getattr(shape, option)
        types.described[name] = described
    return {"ref": name}


def _hints(cls: Any) -> Description:
    try:
        return get_type_hints(get_origin(cls) or cls, include_extras=True)
    except Exception:  # noqa: BLE001 - only the dtypes of arrays are missed
        return {}


def _field(field: Any, annotation: Any, types: Types) -> Description:
    described = {
        "name": field.encode_name,
        "type": _with_arrays(_shape(field.type, types), annotation),
    }
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
