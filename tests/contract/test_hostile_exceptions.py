"""A peer that sends a forged exception makes nothing happen, and ends nothing."""

import sys
import traceback
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amoeba.contract import ExceptionCodec
from amoeba.errors import RemoteError

encode = msgspec.msgpack.encode
CODEC = ExceptionCodec(__name__, ("fastapi:HTTPException",))
MADE: list[str] = []


class Mine(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def effect(text: str) -> None:
    MADE.append(text)


class NotAnException:
    def __init__(self, text: str) -> None:
        MADE.append(text)


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "subprocess:Popen",
        "builtins:print",
        "builtins:eval",
        "builtins:__import__",
        "builtins:open",
        "amoeba.errors:difflib",
        "amoeba.errors:render",
        f"{__name__}:effect",
        f"{__name__}:NotAnException",
        f"{__name__}:sys.exit",
        f"{__name__}:pytest.exit.Exception",
        "",
        ":",
        "builtins",
        "builtins:",
    ],
)
def test_what_is_no_declared_exception_is_neither_called_nor_made(name: str) -> None:
    arrived = CODEC.decode(encode({"type": name, "text": "rm", "args": [["plain", "rm"]]}))

    assert isinstance(arrived, RemoteError)
    assert (arrived.type_name, arrived.message) == (name, "rm")
    assert MADE == []


@pytest.mark.parametrize("module", ["this", "antigravity"])
def test_no_module_is_imported_because_a_peer_named_it(module: str) -> None:
    assert module not in sys.modules

    for name in (f"{module}:Error", f"{module}.Error", f"{__name__}:{module}.Error"):
        assert isinstance(CODEC.decode(encode({"type": name, "text": "x"})), RemoteError)

    assert module not in sys.modules


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"]
)
def test_no_peer_can_end_the_process(name: str) -> None:
    payload = encode({"type": f"builtins:{name}", "text": "stop", "args": [["plain", 1]]})

    assert isinstance(CODEC.decode(payload), Exception)


@pytest.mark.parametrize(
    "forged",
    [
        {"type": "builtins:UnicodeDecodeError", "text": "x", "args": [["plain", 1]]},
        {"type": "builtins:ExceptionGroup", "text": "x", "group": []},
        {"type": "builtins:ExceptionGroup", "text": "x", "args": [["plain", 1]]},
        {"type": "builtins:OSError", "text": "x", "args": [["plain", None]] * 9},
        {"type": "fastapi:HTTPException", "text": "x", "fields": {"status_code": "many"}},
        {"type": "builtins:ValueError", "text": "x", "args": [["field", "none such"]]},
        {"type": "builtins:ValueError", "text": "x", "fields": {"__class__": 1, "args": 3}},
        {"type": f"{__name__}:Mine", "text": "x", "fields": {"text": 3}},
        {"type": f"{__name__}:Mine", "text": "x", "fields": {"__traceback__": 3, "other": 1}},
        {"type": "builtins:ValueError", "text": "x", "group": [{"type": "a:b", "text": "c"}]},
    ],
    ids=repr,
)
def test_a_forged_state_gives_an_ordinary_exception(forged: dict[str, Any]) -> None:
    arrived = CODEC.decode(encode(forged))

    assert isinstance(arrived, Exception)
    assert arrived.__traceback__ is None
    assert set(vars(arrived)) <= {"type_name", "message", "traceback", "text"}


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xc1", b"\x80", encode({"type": 3, "text": "x"}), b"\x82\xa4type\xa1\xff\xa4text\xa1a"],
    ids=["empty", "unused", "no fields", "wrong type", "no utf-8"],
)
def test_a_damaged_payload_is_a_remote_error_that_says_so(payload: bytes) -> None:
    arrived = CODEC.decode(payload)

    assert isinstance(arrived, RemoteError)
    assert arrived.type_name == "amoeba:Undecodable"
    assert arrived.message.startswith("an error arrived damaged: ")


def test_an_endlessly_nested_group_is_a_remote_error() -> None:
    head = b"\x83" + encode("type") + encode("builtins:ExceptionGroup")
    head += encode("text") + encode("x") + encode("group") + b"\x91"

    arrived = CODEC.decode(head * 100_000)

    assert isinstance(arrived, RemoteError)
    assert arrived.type_name == "amoeba:Undecodable"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
names = st.sampled_from(
    ["builtins:OSError", "builtins:KeyError", "builtins:ExceptionGroup", "builtins:SyntaxError",
     "builtins:UnicodeDecodeError", "builtins:ImportError", "amoeba.errors:ConfigurationError",
     "amoeba.errors:Unavailable", "fastapi:HTTPException", f"{__name__}:Mine"]
)  # fmt: skip


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=300)
@example(b"\x82\xa4type\xa1a\xa4text\xa1\xff")
def test_random_bytes_give_an_exception(payload: bytes) -> None:
    assert isinstance(CODEC.decode(payload), Exception)


@given(
    names,
    st.dictionaries(st.sampled_from(["text", "status_code", "problems", "module"]), values),
    st.lists(values.map(lambda value: ["plain", value]), max_size=5),
)
@example("builtins:SyntaxError", {}, [["plain", None], ["plain", b"\0\0\0\0"]])
@settings(deadline=None, max_examples=300)
def test_any_forged_exception_is_an_exception_that_can_be_shown(
    name: str, fields: dict[str, Any], args: list[Any]
) -> None:
    payload = encode({"type": name, "text": "x", "fields": fields, "args": args})

    arrived = CODEC.decode(payload)

    assert isinstance(arrived, Exception)
    assert traceback.format_exception(arrived)
