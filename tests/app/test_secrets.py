"""Secrets: read and revealed, never shown, in whichever type of settings they are."""

from __future__ import annotations

import copy
import dataclasses
import enum
import json
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import pydantic
import pytest

import amoeba
from amoeba.app import Secret
from amoeba.app.settings import bind, convert, with_environment
from amoeba.errors import ConfigurationError

HIDDEN = "s3cr3t-value"


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high"


def bound(kind: Any, settings: dict[str, Any], **variables: str) -> Any:
    environment = {f"AMOEBA_A__{key}": value for key, value in variables.items()}
    value, problems = bind(kind, with_environment(settings, "a", environment), "a")
    assert problems == []
    return value


@dataclass(frozen=True)
class SecretDataclass:
    token: Secret
    others: list[Secret] = field(default_factory=list)
    maybe: Secret | None = None
    limit: int = 1
    plain: str = ""
    choice: Literal["a", "b"] = "a"
    level: Level = Level.LOW


class SecretStruct(msgspec.Struct, frozen=True):
    token: Secret
    others: list[Secret] = []
    maybe: Secret | None = None
    limit: int = 1
    plain: str = ""
    choice: Literal["a", "b"] = "a"
    level: Level = Level.LOW


class SecretModel(pydantic.BaseModel, frozen=True):
    token: Secret
    others: list[Secret] = []
    maybe: Secret | None = None
    limit: int = 1
    plain: str = ""
    choice: Literal["a", "b"] = "a"
    level: Level = Level.LOW


class OwnSecretModel(pydantic.BaseModel):
    token: pydantic.SecretStr
    limit: int = 1


secret_kinds = pytest.mark.parametrize("kind", [SecretDataclass, SecretStruct, SecretModel])


@secret_kinds
def test_a_secret_is_read_and_revealed(kind):
    found = bound(kind, {"token": HIDDEN, "others": ["x"], "maybe": "y"})
    assert found.token.reveal() == HIDDEN
    assert [each.reveal() for each in found.others] == ["x"]
    assert found.maybe.reveal() == "y"
    assert bound(kind, {"token": HIDDEN}).maybe is None


@secret_kinds
@pytest.mark.parametrize("text", [HIDDEN, "12345", "true", "null", '"quoted"', "", "[1]"])
def test_a_secret_comes_from_the_environment_as_it_is(kind, text):
    assert bound(kind, {}, TOKEN=text).token.reveal() == text


@pytest.mark.parametrize("text", [HIDDEN, "12345", "true", "null", "[1]"])
def test_a_secret_of_pydantic_comes_from_the_environment_as_it_is(text):
    assert bound(OwnSecretModel, {}, TOKEN=text).token.get_secret_value() == text


@secret_kinds
def test_settings_do_not_show_their_secrets(kind):
    found = bound(kind, {"token": HIDDEN, "others": [HIDDEN], "maybe": HIDDEN})
    assert HIDDEN not in f"{found} {found!r} {found.token} {found.token!r} {[found.token]}"
    assert "***" in repr(found)


def test_a_secret_shows_in_no_form():
    secret = Secret(HIDDEN)
    assert repr(secret) == str(secret) == f"{secret}" == "Secret('***')"
    assert f"{secret!s:>20} %s" % secret == "       Secret('***') Secret('***')"
    assert HIDDEN not in repr(copy.deepcopy(secret))
    assert copy.deepcopy(secret) == secret
    for leak in (json.dumps, msgspec.json.encode, vars):
        with pytest.raises(TypeError) as caught:
            leak(secret)
        assert HIDDEN not in str(caught.value)


def test_a_dataclass_as_a_dict_does_not_show_its_secret():
    found = dataclasses.asdict(SecretDataclass(Secret(HIDDEN)))
    assert HIDDEN not in repr(found)
    assert found["token"].reveal() == HIDDEN


def test_a_secret_holds_text_and_says_of_anything_else_only_its_type():
    with pytest.raises(TypeError, match=r"^Expected `str`, got `int`$"):
        Secret(5550100)  # type: ignore[arg-type]


def test_secrets_compare_by_what_they_hold():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_the_facade_has_it():
    assert amoeba.Secret is Secret


WRONG = {
    "not text": {"token": [HIDDEN]},
    "a table": {"token": {"value": HIDDEN}},
    "in a list": {"token": "x", "others": [{"a": HIDDEN}]},
    "of another key": {"token": "x", "limit": HIDDEN},
    "a choice": {"token": "x", "choice": HIDDEN},
    "an enum": {"token": "x", "level": HIDDEN},
    "missing beside it": {"others": [HIDDEN], "plain": HIDDEN},
    "unknown": {"token": "x", "tokens": HIDDEN, "limit": "y"},
}


@secret_kinds
@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_no_value_is_shown_where_settings_are_wrong(kind, settings):
    value, problems = bind(kind, settings, "a")
    assert value is None
    assert problems
    assert HIDDEN not in str(ConfigurationError(problems)) + repr(problems)


@secret_kinds
@pytest.mark.parametrize("name", ["LIMIT", "OTHERS", "CHOICE", "LEVEL"])
def test_no_value_of_the_environment_is_shown_where_it_is_wrong(kind, name):
    settings = with_environment({"token": "x"}, "a", {f"AMOEBA_A__{name}": HIDDEN})
    value, problems = bind(kind, settings, "a")
    assert value is None
    assert HIDDEN not in str(ConfigurationError(problems)) + repr(problems)


@pytest.mark.parametrize(
    "settings", [{"token": [HIDDEN]}, {"token": HIDDEN, "limit": HIDDEN}, {"limit": HIDDEN}]
)
def test_no_value_of_a_pydantic_model_is_shown_where_it_is_wrong(settings):
    value, problems = bind(OwnSecretModel, settings, "a")
    assert value is None
    assert HIDDEN not in str(ConfigurationError(problems)) + repr(problems)


@pytest.mark.parametrize("settings", [{"token": [HIDDEN]}, {"token": "x", "limit": HIDDEN}])
def test_no_value_of_a_model_within_a_dataclass_is_shown_where_it_is_wrong(settings):
    @dataclass
    class Settings:
        inner: OwnSecretModel

    _, problems = bind(Settings, {"inner": settings}, "a")
    assert problems
    assert HIDDEN not in str(ConfigurationError(problems)) + repr(problems)
    _, problems = convert(settings, OwnSecretModel, "w")
    assert problems
    assert HIDDEN not in str(ConfigurationError(problems)) + repr(problems)
