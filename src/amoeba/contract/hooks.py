"""What msgspec is taught: NumPy arrays and pydantic models."""

from __future__ import annotations

import sys
from typing import Any

from amoeba.contract.buffers import Beside, check_array
from amoeba.contract.types import is_array, is_pydantic


class Hooks:
    """Encoding and decoding of values that msgspec does not know; safe from any thread."""

    __slots__ = ("beside",)

    def __init__(self) -> None:
        self.beside = Beside()

    def encode(self, value: Any) -> Any:
        """Used by msgspec for a value it cannot encode by itself."""
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return self.beside.pack_array(numpy.asarray(value))
        return self.encode_plain(value)

    def encode_plain(self, value: Any) -> Any:
        """The same where no array is declared."""
        tp = type(value)
        if is_pydantic(tp):
            return _model_data(value)
        if isinstance(value, str | int | float):  # a subclass arrives as what was declared
            return next(base(value) for base in (str, int, float) if isinstance(value, base))
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(value, numpy.generic):
            return value.item()
        if tp.__module__.partition(".")[0] in ("pydantic", "pydantic_core", "pathlib"):
            secret = getattr(value, "get_secret_value", None)
            return secret() if secret is not None else str(value)
        msg = f"a value of type {tp.__module__}.{tp.__qualname__} cannot cross"
        raise TypeError(msg)

    def decode(self, tp: Any, value: Any) -> Any:
        """Used by msgspec where the declared type is none of its own."""
        if is_array(tp):
            return check_array(tp, value)
        if is_pydantic(tp):
            return _validated(tp, value)
        msg = f"type {tp} cannot cross"
        raise TypeError(msg)


def _validated(tp: Any, value: Any) -> Any:
    from pydantic import ValidationError

    try:
        return tp.model_validate(value, by_name=True, strict=False)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        lines = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
        msg = f"{tp.__qualname__}: {'; '.join(lines)}"
        raise ValueError(msg) from None


def _model_data(model: Any) -> Any:
    """A pydantic model's fields by name, whatever its own rules for dumping leave out."""
    fields = type(model).model_fields
    if getattr(type(model), "__pydantic_root_model__", False):
        return model.root
    data = {name: getattr(model, name) for name in fields} | (model.model_extra or {})
    # A field declared as JSON text is validated from text again.
    parsed = {name for name, field in fields.items() if _is_json(field)}
    return data | model.model_dump(round_trip=True, include=parsed) if parsed else data


def _is_json(field: Any) -> bool:
    marks = (field.annotation, *field.metadata)
    return any(getattr(each, "__name__", type(each).__name__) == "Json" for each in marks)
