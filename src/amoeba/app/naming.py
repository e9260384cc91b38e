"""Telling apart two modules that keep the same contract."""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin


@dataclass(frozen=True, slots=True)
class Named:
    """What `named` leaves in an annotation."""

    module: str


def named(module: str) -> Named:
    """Ask for one of several modules: `classifier: Annotated[Classifier, amoeba.named("fast")]`."""
    return Named(module)


def asked_name(annotation: Any) -> str:
    """The module that an annotation names, with or without `| None`; or the empty string."""
    if get_origin(annotation) in (Union, UnionType):
        return next(filter(None, map(asked_name, get_args(annotation))), "")
    if get_origin(annotation) is not Annotated:
        return ""
    return next((each.module for each in get_args(annotation)[1:] if isinstance(each, Named)), "")
