"""A module's settings: from `amoeba.toml`, overridden by the environment, checked by their type.

`AMOEBA_<MODULE>__<KEY>` overrides `[modules.<module>.settings]` `key`; a further `__` goes into a
nested table. Values of the environment are text, read as the type wants them: as they stand where
that fits, else as JSON. No message ever shows a value: it may be a secret.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from amoeba.app.secrets import Secret
from amoeba.contract.types import is_pydantic
from amoeba.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Path = tuple[str | int, ...]


class FromEnvironment(str):
    """Text from the environment, and the variable it came from."""

    __slots__ = ("variable",)
    variable: str


class _Unknown(Exception):  # noqa: N818 - never leaves this module
    """A type that is the constructor's own business."""


def with_environment(
    settings: dict[str, Any], module: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    """`settings` with what the environment overrides; keys match without regard to case."""
    prefix = f"AMOEBA_{_upper(module)}__"
    merged = dict(settings)
    for variable, text in sorted(environment.items()):
        if variable.startswith(prefix):
            value = FromEnvironment(text)
            value.variable = variable
            _set(merged, variable[len(prefix) :].split("__"), value)
    return merged


def bind(tp: Any, settings: dict[str, Any], module: str) -> tuple[Any, list[Problem]]:
    """An instance of `tp` (dataclass, Struct, TypedDict or pydantic model) made from `settings`.

    Returns it, or None and everything that is wrong.
    """
    reader = _Reader(("modules", module, "settings"))
    value = reader.read(settings, tp, ())
    return (None, reader.problems) if reader.problems else (value, [])


def convert(value: Any, tp: Any, where: str) -> tuple[Any, list[Problem]]:
    """One constructor argument taken from the settings, checked where it has a type."""
    reader = _Reader(tuple(where.split(".")))
    found = reader.read(value, tp, ())
    return (None, reader.problems) if reader.problems else (found, [])


class _Reader:
    """Reads values as their types, and notes what does not fit."""

    def __init__(self, base: tuple[str, ...]) -> None:
        self._base = base
        self.problems: list[Problem] = []

    def read(self, value: Any, tp: Any, path: Path) -> Any:
        """`value` as a `tp`, or None and a problem noted."""
        inner = _plain(tp)
        if isinstance(value, FromEnvironment):
            return self._read_text(value, tp, path)
        if isinstance(value, dict):
            if inner is None or inner is dict or get_origin(inner) is not None:
                return self._leaf([_without_marks(value)], tp, path)
            if is_pydantic(inner):
                return self._model(value, inner, path)
            if fields := _fields(inner):
                return self._record(value, inner, fields, path)
        return self._leaf([value], tp, path)

    def _record(self, value: dict[str, Any], tp: Any, fields: dict[str, _Field], path: Path) -> Any:
        before = len(self.problems)
        arguments: dict[str, Any] = {}
        for key, each in value.items():
            name = _matching(key, each, fields)
            if name is None:
                what = "unknown setting"
                self._note(what, (*path, key), each, hint=did_you_mean(key, fields))
            else:
                field = fields[name]
                arguments[field.name] = self.read(each, field.type, (*path, name))
        for name, field in fields.items():
            if field.required and field.name not in arguments:
                self._note("is missing", (*path, name), expected=_declared_in(tp))
        if len(self.problems) > before:
            return None
        try:
            return tp(**arguments)
        except (ValueError, TypeError) as error:
            self._note(str(error), path, expected=_declared_in(tp))
            return None

    def _read_text(self, text: FromEnvironment, tp: Any, path: Path) -> Any:
        inner = _plain(tp)
        decoded = _as_json(text)
        if decoded and isinstance(decoded[0], dict) and (is_pydantic(inner) or _fields(inner)):
            return self.read(decoded[0], tp, path)
        if decoded and decoded[0] is None and _is_optional(tp):
            return None
        return self._leaf([str(text), *decoded], tp, path, text)

    def _leaf(
        self,
        candidates: list[Any],
        tp: Any,
        path: Path,
        text: FromEnvironment | None = None,
    ) -> Any:
        failure = ""
        for candidate in candidates:
            try:
                return msgspec.convert(
                    candidate, tp, dec_hook=_decode, strict=text is None, str_keys=True
                )
            except msgspec.ValidationError as error:
                failure = str(error) if not failure or text is None else failure
            except (_Unknown, TypeError):  # a type msgspec does not know
                return candidate
        what, inner = _worded(failure)
        self._note(what, (*path, *inner), text)
        return None

    def _model(self, value: dict[str, Any], tp: Any, path: Path) -> Any:
        from pydantic import ValidationError

        plain = {_matching(k, v, tp.model_fields) or k: v for k, v in value.items()}
        for attempt in _readings(plain):
            try:
                return tp.model_validate(attempt)
            except ValidationError as error:
                failure = error
        for each in failure.errors(include_input=False, include_url=False, include_context=False):
            place = (*path, *each["loc"])
            self._note(each["msg"], place, _source(plain, each["loc"]), expected=_declared_in(tp))
        return None

    def _note(
        self, what: str, path: Path, value: Any = None, expected: str = "", hint: str = ""
    ) -> None:
        where = ".".join(self._base) + "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in path
        )
        if isinstance(value, FromEnvironment):
            what = f"{what} (from the environment: {value.variable})"
        key = (*self._base, *map(str, path))
        self.problems.append(Problem(what, where, expected, hint, path=key))


class _Field(msgspec.Struct):
    name: str
    type: Any
    required: bool


def _fields(tp: Any) -> dict[str, _Field]:
    """The fields of a class by the name they have in a file; none for anything else."""
    try:
        info = msgspec.inspect.type_info(tp)
        types = get_type_hints(tp, include_extras=True)
    except (TypeError, NameError):
        return {}
    return {
        each.encode_name: _Field(each.name, types.get(each.name, Any), each.required)
        for each in getattr(info, "fields", ())
    }


def _matching(key: str, value: Any, names: Iterable[str]) -> str | None:
    """The field that a key means; one from the environment alone has lost its case."""
    if key in names:
        return key
    if isinstance(value, FromEnvironment | dict):
        return next((each for each in names if _upper(each) == _upper(key)), None)
    return None


def _set(target: dict[str, Any], path: list[str], value: FromEnvironment) -> None:
    key = next((each for each in target if _upper(each) == path[0].upper()), path[0].lower())
    if len(path) == 1:
        target[key] = value
        return
    inner = target.get(key)
    target[key] = dict(inner) if isinstance(inner, dict) else {}
    _set(target[key], path[1:], value)


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _as_json(text: str) -> list[Any]:
    try:
        return [msgspec.json.decode(text.encode())]
    except msgspec.DecodeError:
        return []


def _readings(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """For a pydantic model: every text as it stands, then each as JSON where it is some."""
    return [_texts_as(settings, str), _texts_as(settings, lambda t: next(iter(_as_json(t)), t))]


def _texts_as(value: Any, read: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts_as(each, read) for key, each in value.items()}
    return read(value) if isinstance(value, FromEnvironment) else value


def _without_marks(value: Any) -> Any:
    return _texts_as(value, str)


def _source(settings: Any, path: Iterable[Any]) -> Any:
    for step in path:
        settings = settings.get(step) if isinstance(settings, dict) else settings
    return settings


def _decode(tp: Any, value: Any) -> Any:
    """Types that msgspec does not know. What is raised is shown, so it must not hold the value."""
    if tp is Secret:
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(tp, type) and isinstance(value, tp):
        return value
    if isinstance(tp, type) and issubclass(tp, PurePath) and isinstance(value, str):
        return tp(value)
    if is_pydantic(tp):
        return _decode_model(tp, value)
    raise _Unknown


def _decode_model(tp: Any, value: Any) -> Any:
    from pydantic import ValidationError

    try:
        return tp.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        msg = f"{place}: {first['msg']}"
        raise ValueError(msg) from None


def _plain(tp: Any) -> Any:
    """`tp` without Annotated and `| None`; None where that is not one class."""
    if get_origin(tp) is Annotated:
        return _plain(get_args(tp)[0])
    if get_origin(tp) in (Union, UnionType):
        rest = [part for part in get_args(tp) if part is not NoneType]
        return _plain(rest[0]) if len(rest) == 1 else None
    return tp


def _is_optional(tp: Any) -> bool:
    return get_origin(tp) in (Union, UnionType) and NoneType in get_args(tp)


def _worded(message: str) -> tuple[str, Path]:
    """Msgspec's message without any value, and the path in it."""
    text, _, path = message.partition(" - at `$")
    text = re.sub(r"(?i)^invalid (enum )?value.*", "is not one of the allowed values", text)
    steps = re.findall(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])", path)
    found = tuple(name or int(index) for name, index, _ in steps if name or index)
    return text[:1].lower() + text[1:], found


def _declared_in(tp: Any) -> str:
    named = isinstance(tp, type) and tp.__module__ != "builtins"
    return f"as declared in {tp.__module__}:{tp.__qualname__}" if named else ""
