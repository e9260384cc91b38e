"""What msgspec is taught: NumPy arrays and pydantic models."""

from __future__ import annotations

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
        tp = type(value)
        if is_array(tp):
            return self.beside.pack_array(value)
        if is_pydantic(tp):
            return value.model_dump(round_trip=True)
        msg = f"a value of type {tp.__module__}.{tp.__qualname__} cannot cross"
        raise TypeError(msg)

    def decode(self, tp: Any, value: Any) -> Any:
        """Used by msgspec where the declared type is none of its own."""
        if is_array(tp):
            return check_array(tp, value)
        if is_pydantic(tp):
            return tp.model_validate(value, by_name=True)
        msg = f"type {tp} cannot cross"
        raise TypeError(msg)
