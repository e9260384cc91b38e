"""A module's settings: from `amoeba.toml`, overridden by the environment, checked by their type.

`AMOEBA_<MODULE>__<KEY>` overrides `[modules.<module>.settings]` `key`; a further `__` goes into a
nested table. Values of the environment are text: JSON where the type wants more than a string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from amoeba.app.secrets import Secret
from amoeba.contract.types import is_pydantic
from amoeba.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_VALUE = re.compile(r"\binvalid value\b.*")


def with_environment(
    settings: dict[str, Any], module: str, environment: Mapping[str, str]
) -> dict[str, Any]:
    """`settings` with what the environment overrides; keys match without regard to case."""
    prefix = f"AMOEBA_{_upper(module)}__"
    merged = dict(settings)
    for variable, value in sorted(environment.items()):
        if variable.startswith(prefix):
            _set(merged, variable[len(prefix) :].split("__"), value)
    return merged


def _set(target: dict[str, Any], path: list[str], value: str) -> None:
    key = next((each for each in target if _upper(each) == path[0].upper()), path[0].lower())
    if len(path) == 1:
        target[key] = FromEnvironment(value)
        return
    inner = target.get(key)
    target[key] = dict(inner) if isinstance(inner, dict) else {}
    _set(target[key], path[1:], value)


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


class FromEnvironment(str):
    """Text from the environment, to be read as the type wants it."""

    __slots__ = ()


def bind(tp: Any, settings: dict[str, Any], module: str) -> tuple[Any, list[Problem]]:
    """An instance of `tp` (dataclass, Struct or pydantic model) made from `settings`.

    Returns it, or None and what is wrong. No value is ever shown: it may be a secret.
    """
    where = f"modules.{module}.settings"
    if is_pydantic(tp):
        return _bind_pydantic(tp, settings, where)
    fields = _fields(tp)
    unknown = [key for key in settings if fields and key not in fields]
    if unknown:
        return None, [
            Problem(
                what="unknown setting",
                where=f"{where}.{key}",
                hint=did_you_mean(key, fields),
            )
            for key in unknown
        ]
    problems: list[Problem] = []
    values = {
        key: _read(value, fields.get(key, Any), f"{where}.{key}", problems)
        for key, value in settings.items()
    }
    if problems:
        return None, problems
    try:
        return msgspec.convert(values, tp, dec_hook=_decode), []
    except msgspec.ValidationError as error:
        return None, [_problem(str(error), where, tp)]


def convert(value: Any, tp: Any, where: str) -> tuple[Any, list[Problem]]:
    """One constructor argument taken from the settings, checked where it has a type."""
    problems: list[Problem] = []
    return _read(value, tp, where, problems), problems


def _read(value: Any, tp: Any, where: str, problems: list[Problem]) -> Any:
    candidates = [value]
    if isinstance(value, FromEnvironment):
        candidates = [str(value), *_as_json(value)]
    failure = None
    for candidate in candidates:
        try:
            lax = isinstance(value, FromEnvironment)
            return msgspec.convert(candidate, tp, dec_hook=_decode, strict=not lax)
        except msgspec.ValidationError as error:
            failure = failure or str(error)
        except TypeError:  # a type msgspec does not know: the constructor's own business
            return candidate
    problems.append(_problem(failure or "", where, tp))
    return None


def _as_json(text: str) -> list[Any]:
    try:
        return [msgspec.json.decode(text)]
    except msgspec.DecodeError:
        return []


def _decode(tp: Any, value: Any) -> Any:
    if tp is Secret:
        return Secret(value)
    if is_pydantic(tp):
        return tp.model_validate(value)
    msg = f"settings cannot hold a {tp}"
    raise TypeError(msg)


def _fields(tp: Any) -> dict[str, Any]:
    info = msgspec.inspect.type_info(tp)
    hints = {field.encode_name: field.name for field in getattr(info, "fields", ())}
    types = get_type_hints(tp, include_extras=True)
    return {encoded: types.get(name, Any) for encoded, name in hints.items()}


def _problem(message: str, where: str, tp: Any) -> Problem:
    text, _, path = message.partition(" - at `$")
    if path:
        where += path.rstrip("`")
    missing = re.match(r"Object missing required field `(?P<name>[^`]+)`", text)
    if missing:
        where, text = f"{where}.{missing['name']}", "is missing"
    text = _VALUE.sub("a value that is not allowed", text)
    return Problem(what=text[:1].lower() + text[1:], where=where, expected=_type_name(tp))


def _type_name(tp: Any) -> str:
    return f"as declared in {tp.__module__}:{tp.__qualname__}" if _is_class(tp) else ""


def _is_class(tp: Any) -> bool:
    return isinstance(tp, type) and tp.__module__ != "builtins"


def _bind_pydantic(tp: Any, settings: dict[str, Any], where: str) -> tuple[Any, list[Problem]]:
    from pydantic import ValidationError

    plain = {
        key: next(iter(_as_json(value)), str(value))
        if isinstance(value, FromEnvironment)
        else value
        for key, value in settings.items()
    }
    try:
        return tp.model_validate(plain), []
    except ValidationError as error:
        return None, [
            Problem(
                what=each["msg"],
                where=".".join([where, *map(str, each["loc"])]),
                expected=_type_name(tp),
            )
            for each in error.errors(include_input=False, include_url=False)
        ]
