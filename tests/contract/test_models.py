"""Pydantic models arrive equal, whatever their configuration makes of them elsewhere."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pydantic
import pytest

from amoeba.contract.codec import Packer
from amoeba.contract.types import type_problems


class Strict(pydantic.BaseModel, strict=True):
    key: UUID
    tags: set[int]


class Aliased(pydantic.BaseModel):
    name: str = pydantic.Field(alias="fullName")


class Serialised(pydantic.BaseModel, serialize_by_alias=True):
    name: str = pydantic.Field(serialization_alias="fullName")


class Parsed(pydantic.BaseModel):
    data: pydantic.Json[dict[str, int]]


class Computed(pydantic.BaseModel, extra="forbid"):
    side: int

    @pydantic.computed_field  # type: ignore[prop-decorator]  # as pydantic's documentation has it
    @property
    def area(self) -> int:
        return self.side**2


class Hidden(pydantic.BaseModel):
    note: str = pydantic.Field(exclude=True)


class Secret(pydantic.BaseModel):
    word: pydantic.SecretStr


class Link(pydantic.BaseModel):
    url: pydantic.HttpUrl


class Place(pydantic.BaseModel):
    path: Path


class Raw(pydantic.BaseModel):
    data: bytes
    inner: Aliased


@pytest.mark.parametrize(
    "model",
    [
        Strict(key=UUID(int=1), tags={1, 2}),
        Aliased(fullName="Ann"),
        Serialised(name="Ann"),
        Parsed(data='{"a": 1}'),  # type: ignore[arg-type]  # parsed by pydantic
        Computed(side=3),
        Hidden(note="x"),
        Secret(word=pydantic.SecretStr("x")),
        Link(url=pydantic.HttpUrl("https://example.org/a")),
        Place(path=Path("/a/b")),
        Raw(data=b"\xff\x00", inner=Aliased(fullName="Ann")),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_that_is_accepted_as_a_type_arrives_equal(model: Any) -> None:
    tp = type(model)
    assert type_problems(tp, "$") == []

    packer = Packer([tp], "module.method")

    assert packer.decode(packer.encode((model,))) == (model,)
