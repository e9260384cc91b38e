"""Exceptions cross by their declared fields; nothing is pickled and no constructor is called.

An exception's fields are the annotations of its class and the parameters of its constructor that
it keeps as attributes. The types that arrive as themselves: built-in ones, Amoeba's own, those
named in the contract's module, and those the module's `raises` lists. A subclass of a listed one
arrives as the listed one; anything else arrives as RemoteError.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import inspect
import sys
import traceback
from importlib import import_module
from typing import Any, get_type_hints

import msgspec

from amoeba import errors
from amoeba.contract.hooks import Hooks
from amoeba.errors import RemoteError, RemoteTraceback

_MAX_TEXT = 64 * 1024  # characters of message or traceback that cross; the rest is cut
_MAX_GROUP = 100
# What built-in exceptions keep beside their arguments.
_BUILT_IN_STATE = ("name", "path", "msg", "filename2", "value")


class FieldOf(msgspec.Struct, array_like=True, tag="field"):
    """An argument of the exception that is the same object as one of its fields."""

    name: str


class Plain(msgspec.Struct, array_like=True, tag="plain"):
    """An argument that is plain data; one that is not crosses as its repr."""

    value: Any


class Raised(msgspec.Struct):
    """An exception on its way. `type` is `package.module:Name`."""

    type: str
    text: str
    traceback: str = ""
    fields: dict[str, Any] = {}
    args: list[FieldOf | Plain] = []
    group: list[Raised] | None = None
    as_itself: bool = True
    notes: list[str] = []


class ExceptionCodec:
    """Encodes what a module's methods raise, and rebuilds it at the caller."""

    def __init__(self, contract_module: str, raises: tuple[str, ...] = ()) -> None:
        self._contract_module, self._raises = contract_module, raises
        self._hooks = Hooks()
        self._hooks.beside.inline_only = True
        self._encoder = msgspec.msgpack.Encoder(enc_hook=self._hooks.encode)
        self._decoder = msgspec.msgpack.Decoder(Raised, ext_hook=self._hooks.beside.unpack)

    def encode(self, error: BaseException) -> bytes:
        """`error` as msgpack; whatever it holds, this gives an answer."""
        try:
            return self._encoder.encode(self._raised(error))
        except Exception as failure:  # noqa: BLE001 - a user's class may fail in any way
            text = f"{_text(error)} (it could not be encoded as itself: {failure})"
            lost = Raised(_name(type(error)), text, _format(error), as_itself=False)
            return self._encoder.encode(lost)
        finally:
            self._hooks.beside.take()

    def decode(self, payload: bytes) -> BaseException:
        """The exception to raise at the caller."""
        try:
            raised = self._decoder.decode(payload)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return RemoteError("amoeba:Undecodable", f"an error arrived damaged: {error}")
        return self._rebuild(raised)

    def crosses_as_itself(self, tp: type[BaseException]) -> bool:
        """Whether callers can catch `tp` by its type in another process."""
        return self._declared(tp) is tp

    def _raised(self, error: BaseException) -> Raised:
        if isinstance(error, BaseExceptionGroup):
            inner = [self._raised(each) for each in error.exceptions[:_MAX_GROUP]]
            return Raised(_name(type(error)), str(error.message), _format(error), group=inner)
        declared = self._declared(type(error))
        if declared is None:
            return Raised(_name(type(error)), _text(error), _format(error))
        fields = {name: getattr(error, name) for name in _present(error, declared)}
        state = {n: getattr(error, n, None) for n in _BUILT_IN_STATE if hasattr(error, n)}
        fields |= {name: value for name, value in state.items() if isinstance(value, str | int)}
        return Raised(
            notes=[str(note) for note in getattr(error, "__notes__", ())],
            type=_name(declared),
            text=_text(error),
            traceback=_format(error),
            fields=fields,
            args=[_argument(value, fields) for value in _arguments(error)],
        )

    def _rebuild(self, raised: Raised) -> BaseException:
        cause = RemoteTraceback(raised.traceback) if raised.traceback else None
        error = self._rebuild_itself(raised)
        if error is None:
            error = RemoteError(raised.type, raised.text, raised.traceback)
            if raised.as_itself:
                error.add_note(
                    f'hint: raises = ["{raised.type}"] in [modules.…] lets it arrive as itself'
                )
        object.__setattr__(error, "__cause__", cause)  # past a frozen dataclass's own refusal
        for note in raised.notes:
            error.add_note(note)
        return error

    def _rebuild_itself(self, raised: Raised) -> BaseException | None:
        tp = self._lookup(raised.type) if raised.as_itself else None
        if tp is None:
            return None
        try:
            if raised.group is not None and issubclass(tp, BaseExceptionGroup):
                return tp(raised.text, [self._rebuild(each) for each in raised.group])
            return self._fill(tp, raised)
        except Exception as failure:  # noqa: BLE001 - whatever fails, the caller gets an error
            text = f"{raised.text} (it could not be rebuilt: {failure})"
            return RemoteError(raised.type, text, raised.traceback)

    def _fill(self, tp: type[BaseException], raised: Raised) -> BaseException:
        hints = _field_types(tp)
        fields = {
            name: self._convert(value, hints.get(name, Any))
            for name, value in raised.fields.items()
            if name in hints or name in _BUILT_IN_STATE
        }
        args = [
            fields[each.name] if isinstance(each, FieldOf) else each.value for each in raised.args
        ]
        error = tp.__new__(tp, *args)
        _make_built_in(error, tuple(args))
        for name, value in fields.items():
            with contextlib.suppress(AttributeError, TypeError):  # some built-in state is fixed
                object.__setattr__(error, name, value)
        if isinstance(error, SyntaxError):  # it takes parts of any type, and shows only its own
            traceback.format_exception_only(error)
        return error

    def _convert(self, value: Any, tp: Any) -> Any:
        return msgspec.convert(value, tp, dec_hook=self._hooks.decode)

    def _declared(self, tp: type[BaseException]) -> type[BaseException] | None:
        """`tp`, or the listed class that it extends; None when it is not declared."""
        if self._lookup(_name(tp)) is tp:
            return tp
        listed = [_resolve(name) for name in self._raises]
        return next((base for base in tp.__mro__ if base in listed), None)

    def _lookup(self, name: str) -> type[BaseException] | None:
        """The class a peer may name; nothing is imported but what `raises` lists."""
        module, _, qualname = name.partition(":")
        if module == "builtins":
            tp = _exception(getattr(builtins, qualname, None))
            # A peer must not be able to end this process with a SystemExit of its own.
            return tp if tp is not None and issubclass(tp, Exception | BaseExceptionGroup) else None
        if module == errors.__name__:
            return _exception(getattr(errors, qualname, None))
        if name in self._raises or name in self._raises_by_definition():
            return self._raises_by_definition().get(name) or _resolve(name)
        return self._in_contract(name, qualname)

    def _in_contract(self, name: str, qualname: str) -> type[BaseException] | None:
        found: Any = sys.modules.get(self._contract_module)
        for part in qualname.split("."):
            found = getattr(found, part, None)
        tp = _exception(found)
        return tp if tp is not None and _name(tp) == name else None

    def _raises_by_definition(self) -> dict[str, type[BaseException]]:
        """Listed classes by where they are defined: `fastapi:HTTPException` is defined deeper."""
        resolved = (_resolve(name) for name in self._raises)
        return {_name(tp): tp for tp in resolved if tp is not None}


def _exception(found: object) -> type[BaseException] | None:
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


@functools.lru_cache(maxsize=256)
def _resolve(name: str) -> type[BaseException] | None:
    module, _, qualname = name.partition(":")
    found: Any = import_module(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return _exception(found)


def check_raises(name: str) -> str:
    """What is wrong with an entry of `raises`, or the empty string."""
    try:
        found = _resolve(name)
    except Exception as error:  # noqa: BLE001 - importing runs the user's code
        return f"cannot be imported: {error}"
    return "" if found is not None else "is not an exception class"


def _field_types(tp: type[BaseException]) -> dict[str, Any]:
    return _read_field_types(tp)  # type: ignore[arg-type]  # a class is hashable


@functools.lru_cache(maxsize=256)
def _read_field_types(tp: type[BaseException]) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    for base in reversed(tp.__mro__):
        if base in (object, BaseException, Exception) or base.__module__ == "builtins":
            continue
        constructor = vars(base).get("__init__")
        if inspect.isfunction(constructor):
            names = list(inspect.signature(constructor).parameters)[1:]
            types = _safe_hints(constructor)
            hints |= {name: types.get(name, Any) for name in names}
    return hints | {n: t for n, t in _safe_hints(tp).items() if not n.startswith("_")}


def _safe_hints(of: Any) -> dict[str, Any]:
    try:
        return get_type_hints(of)
    except Exception:  # noqa: BLE001 - an unresolvable annotation: the field crosses as plain data
        return {}


def _present(error: BaseException, declared: type[BaseException]) -> list[str]:
    own = getattr(error, "__dict__", {})
    return [n for n in _field_types(declared) if n in own or _in_slot(error, n)]


def _in_slot(error: BaseException, name: str) -> bool:
    slot = inspect.getattr_static(type(error), name, None)
    return inspect.ismemberdescriptor(slot) and hasattr(error, name)


def _arguments(error: BaseException) -> tuple[Any, ...]:
    """The arguments that make `error` again; an OSError keeps its file name elsewhere."""
    if isinstance(error, OSError) and error.filename is not None and len(error.args) == 2:
        return (*error.args, error.filename)
    return error.args


def _make_built_in(error: BaseException, args: tuple[Any, ...]) -> None:
    """Give `error` its arguments, and what a built-in class keeps of them, without user code."""
    BaseException.__dict__["args"].__set__(error, args)
    for base in type(error).__mro__:
        if base.__module__ == "builtins" and "__init__" in vars(base):
            with contextlib.suppress(TypeError, ValueError):
                vars(base)["__init__"](error, *args)
            break


def _argument(value: Any, fields: dict[str, Any]) -> FieldOf | Plain:
    for name, field in fields.items():
        if field is value:
            return FieldOf(name)
    try:
        return Plain(msgspec.msgpack.decode(msgspec.msgpack.encode(value)))
    except Exception:  # noqa: BLE001 - not plain data
        return Plain(repr(value)[:_MAX_TEXT])


def _name(tp: type) -> str:
    return f"{tp.__module__}:{tp.__qualname__}"


def _text(error: BaseException) -> str:
    try:
        return _clean(str(error)[:_MAX_TEXT])
    except Exception as failure:  # noqa: BLE001 - a user's __str__ may fail
        return f"<its text could not be made: {failure!r}>"


def _clean(text: str) -> str:
    """Text that UTF-8 can hold: a file's name may have bytes that it cannot."""
    return text.encode("utf-8", "backslashreplace").decode()


def _format(error: BaseException) -> str:
    try:
        return _clean("".join(traceback.format_exception(error))[-_MAX_TEXT:])
    except Exception:  # noqa: BLE001 - as above
        return ""
