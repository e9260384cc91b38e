"""A module's settings: bound to their type, overridden by the environment."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amoeba.app.settings import bind, convert, with_environment


@dataclass
class Database:
    host: str = "localhost"
    port: int = 5432
    tags: list[str] = field(default_factory=list)


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AsDataclass:
    model: str
    limit: int = 100
    rate: float = 0.5
    fast: bool = False
    names: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    level: Level = Level.LOW
    maximum: int | None = 9
    database: Database = field(default_factory=Database)


class AsStruct(msgspec.Struct, frozen=True):
    model: str
    limit: int = 100
    rate: float = 0.5
    fast: bool = False
    names: list[str] = []
    weights: dict[str, float] = {}
    level: Level = Level.LOW
    maximum: int | None = 9
    database: Database = msgspec.field(default_factory=Database)


class DatabaseModel(pydantic.BaseModel):
    host: str = "localhost"
    port: int = 5432
    tags: list[str] = []


class AsModel(pydantic.BaseModel, frozen=True):
    model: str
    limit: int = 100
    rate: float = 0.5
    fast: bool = False
    names: list[str] = []
    weights: dict[str, float] = {}
    level: Level = Level.LOW
    maximum: int | None = 9
    database: DatabaseModel = DatabaseModel()


KINDS = [AsDataclass, AsStruct, AsModel]
every_kind = pytest.mark.parametrize("kind", KINDS)


def bound(kind: Any, settings: dict[str, Any] | None = None, **variables: str) -> Any:
    """The settings of a module called `my-module`; fails when anything is wrong with them."""
    environment = {f"AMOEBA_MY_MODULE__{key}": value for key, value in variables.items()}
    value, problems = bind(
        kind, with_environment(settings or {}, "my-module", environment), "my-module"
    )
    assert problems == []
    return value


def problems_of(kind: Any, settings: dict[str, Any], **variables: str) -> list[str]:
    environment = {f"AMOEBA_MY_MODULE__{key}": value for key, value in variables.items()}
    value, problems = bind(kind, with_environment(settings, "my-module", environment), "my-module")
    assert value is None
    assert problems
    return [f"{each.where.removeprefix('modules.my-module.settings')}: {each.what}"
            for each in problems]  # fmt: skip


@every_kind
def test_settings_are_made_from_the_file(kind):
    found = bound(kind, {"model": "m", "limit": 3, "names": ["a"], "weights": {"x": 1.5}})
    assert isinstance(found, kind)
    assert (found.model, found.limit, found.names, found.weights) == ("m", 3, ["a"], {"x": 1.5})
    assert (found.rate, found.level, found.maximum) == (0.5, Level.LOW, 9)


@every_kind
def test_nested_settings_are_made_too(kind):
    found = bound(kind, {"model": "m", "database": {"port": 1}, "level": "high"})
    assert (found.database.host, found.database.port) == ("localhost", 1)
    assert found.level is Level.HIGH


@every_kind
def test_a_whole_number_may_stand_for_a_fraction(kind):
    assert bound(kind, {"model": "m", "rate": 2}).rate == 2.0


@every_kind
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MODEL", "large", "large"),
        ("MODEL", "7", "7"),
        ("MODEL", "true", "true"),
        ("MODEL", "null", "null"),
        ("MODEL", '{"a": 1}', '{"a": 1}'),
        ("MODEL", "", ""),
        ("LIMIT", "7", 7),
        ("LIMIT", "-7", -7),
        ("RATE", "0.25", 0.25),
        ("RATE", "2", 2.0),
        ("FAST", "true", True),
        ("FAST", "false", False),
        ("FAST", "1", True),
        ("FAST", "0", False),
        ("NAMES", '["a", "b"]', ["a", "b"]),
        ("NAMES", "[]", []),
        ("WEIGHTS", '{"x": 2}', {"x": 2.0}),
        ("LEVEL", "high", Level.HIGH),
        ("MAXIMUM", "3", 3),
        ("MAXIMUM", "null", None),
    ],
)
def test_the_environment_overrides_the_file(kind, name, text, value):
    found = bound(kind, {"model": "small", "limit": 1, "names": ["x"]}, **{name: text})
    assert getattr(found, name.lower()) == value


@every_kind
def test_the_environment_adds_what_the_file_lacks(kind):
    assert bound(kind, {}, MODEL="m").model == "m"


@every_kind
@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("HOST", "db", "db"), ("HOST", "12", "12"), ("PORT", "80", 80), ("TAGS", '["a"]', ["a"])],
)
def test_the_environment_reaches_into_a_nested_table(kind, name, text, value):
    settings = {"model": "m", "database": {"host": "file", "port": 1}}
    found = bound(kind, settings, **{f"DATABASE__{name}": text}).database
    assert getattr(found, name.lower()) == value
    untouched = {"HOST": found.port == 1}.get(name, found.host == "file")
    assert untouched
    assert settings["database"] == {"host": "file", "port": 1}


@every_kind
def test_the_environment_makes_a_nested_table(kind):
    assert bound(kind, {"model": "m"}, DATABASE__PORT="80").database.port == 80


@every_kind
def test_the_environment_gives_a_nested_table_whole(kind):
    found = bound(kind, {"model": "m"}, DATABASE='{"port": 80}').database
    assert (found.host, found.port) == ("localhost", 80)


@every_kind
def test_a_text_of_the_environment_that_does_not_fit_is_a_problem(kind):
    (problem,) = problems_of(kind, {"model": "m"}, LIMIT="many")
    assert problem.startswith(".limit: ")


@every_kind
def test_a_problem_of_the_environment_names_the_variable(kind):
    _, problems = bind(
        kind, with_environment({"model": "m"}, "a", {"AMOEBA_A__LIMIT": "many"}), "a"
    )
    assert "AMOEBA_A__LIMIT" in str(problems[0])


def test_only_variables_of_this_module_are_taken():
    environment = {
        "AMOEBA_A__X": "1",
        "AMOEBA_AB__X": "2",
        "AMOEBA_X": "3",
        "A__X": "4",
        "AMOEBA_B__A__X": "5",
    }
    assert with_environment({}, "a", environment) == {"x": "1"}


@pytest.mark.parametrize(
    ("module", "variable"),
    [
        ("my-module", "AMOEBA_MY_MODULE__KEY"),
        ("my_module", "AMOEBA_MY_MODULE__KEY"),
        ("myModule", "AMOEBA_MYMODULE__KEY"),
        ("m1", "AMOEBA_M1__KEY"),
    ],
)
def test_a_modules_name_is_written_large_and_with_underscores(module, variable):
    assert with_environment({"key": 1}, module, {variable: "2"}) == {"key": "2"}


@pytest.mark.parametrize("key", ["key", "KEY", "Key"])
def test_keys_of_the_file_match_whatever_their_case(key):
    assert with_environment({key: 1}, "a", {"AMOEBA_A__KEY": "2"}) == {key: "2"}


def test_keys_with_dashes_match_underscores():
    assert with_environment({"my-key": 1}, "a", {"AMOEBA_A__MY_KEY": "2"}) == {"my-key": "2"}


def test_a_field_that_is_not_small_can_be_set_by_the_environment_alone():
    @dataclass
    class Settings:
        apiKey: str = ""  # noqa: N815 - as some people write it

    assert bound(Settings, {}, APIKEY="k").apiKey == "k"


def test_the_settings_that_were_given_stay_as_they_are():
    settings = {"x": 1, "inner": {"y": 2}}
    with_environment(settings, "a", {"AMOEBA_A__X": "3", "AMOEBA_A__INNER__Y": "4"})
    assert settings == {"x": 1, "inner": {"y": 2}}


@given(st.text(), st.integers(), st.booleans(), st.lists(st.text(), max_size=3))
def test_what_is_written_to_the_environment_arrives(text, number, truth, texts):
    bounded = max(-(2**63), min(number, 2**63 - 1))
    found = bound(
        AsDataclass,
        {},
        MODEL=text,
        LIMIT=str(bounded),
        FAST=str(truth).lower(),
        NAMES=json.dumps(texts),
    )
    assert (found.model, found.limit, found.fast, found.names) == (text, bounded, truth, texts)


def test_every_wrong_setting_is_a_problem_of_its_own():
    settings = {"limit": "3", "names": [1], "database": {"port": "x"}, "lmit": 3}
    for kind in (AsDataclass, AsStruct):
        assert sorted(problems_of(kind, settings)) == [
            ".database.port: expected `int`, got `str`",
            ".limit: expected `int`, got `str`",
            ".lmit: unknown setting",
            ".model: is missing",
            ".names[0]: expected `str`, got `int`",
        ]


def test_every_wrong_setting_of_a_model_is_a_problem_of_its_own():
    settings = {"limit": "x", "names": [1], "database": {"port": "y"}}
    assert [each.partition(":")[0] for each in problems_of(AsModel, settings)] == [
        ".model",
        ".limit",
        ".names[0]",
        ".database.port",
    ]


def test_a_renamed_field_is_known_by_its_name_in_the_file():
    class Settings(msgspec.Struct, rename="kebab"):
        max_items: int

    assert bound(Settings, {"max-items": 3}).max_items == 3
    assert problems_of(Settings, {"max_items": 3}) == [
        ".max_items: unknown setting",
        ".max-items: is missing",
    ]


def test_a_typed_dict_may_be_the_settings():
    class Settings(TypedDict):
        limit: int

    assert bound(Settings, {"limit": 3}) == {"limit": 3}
    assert problems_of(Settings, {"limit": "x"}) == [".limit: expected `int`, got `str`"]


@pytest.mark.parametrize("kind", [AsDataclass | None, Mapping[str, Any], dict[str, Any] | None])
def test_other_forms_of_an_annotation_are_read(kind):
    assert bound(kind, {"model": "m"})


def test_a_path_may_be_a_setting():
    @dataclass
    class Settings:
        folder: Path

    assert bound(Settings, {"folder": "models/small"}).folder == Path("models/small")


def test_what_the_type_itself_refuses_is_a_problem():
    @dataclass
    class Settings:
        low: int
        high: int

        def __post_init__(self) -> None:
            if self.low > self.high:
                msg = "low is above high"
                raise ValueError(msg)

    assert problems_of(Settings, {"low": 2, "high": 1}) == [": low is above high"]


@pytest.mark.parametrize(
    ("value", "tp", "read"),
    [
        (3, int, 3),
        ("x", str, "x"),
        ("models", Path, Path("models")),
        ({"port": 1}, Database, Database(port=1)),
        ({"port": 1}, DatabaseModel, DatabaseModel(port=1)),
        (3, Any, 3),
    ],
)
def test_one_argument_is_converted(value, tp, read):
    assert convert(value, tp, "w") == (read, [])


def test_one_argument_that_does_not_fit_is_a_problem():
    value, problems = convert("3", int, "modules.a.settings.limit")
    assert value is None
    assert [(each.where, each.what) for each in problems] == [
        ("modules.a.settings.limit", "expected `int`, got `str`")
    ]


def test_a_problem_within_a_model_within_a_dataclass_has_its_path():
    @dataclass
    class Settings:
        inner: DatabaseModel

    _, problems = bind(Settings, {"inner": {"port": "x"}}, "a")
    assert [each.where for each in problems] == ["modules.a.settings.inner.port"]
