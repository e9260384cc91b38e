"""Every error a user of Amoeba can meet: the data each one holds, and the one place that words it.

An error crosses from process to process by its declared fields (see `contract.exceptions`), so
each class here can be rebuilt from what its constructor was given.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, with what is needed to mend it.

    `where` is a TOML key path, a method, or a path into a type; `path` is the TOML key to point
    at when `where` is not that; `line` is 1-based, 0 when unknown.
    """

    what: str
    where: str = ""
    expected: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0
    path: tuple[str, ...] = ()

    def at(self, file: str, line: int) -> Problem:
        """The same problem, found in `file` at `line`."""
        return msgspec.structs.replace(self, file=file, line=line)


class AmoebaError(Exception):
    """The base of all errors that Amoeba raises on purpose."""


class ConfigurationError(AmoebaError):
    """The application's configuration or wiring is wrong; all problems found, not the first."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return render_problems(self.problems)


class ContractError(AmoebaError, TypeError):
    """A value or a type does not keep the contract: it cannot cross as what was declared."""

    where: str
    what: str
    hint: str

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        self.where, self.what, self.hint = where, what, hint
        super().__init__(where, what, hint)

    def __str__(self) -> str:
        return render(Problem(what=self.what, where=self.where, hint=self.hint))


class Unavailable(AmoebaError):  # noqa: N818 - the public name says what is the case
    """No replica of the module can answer now. `retry_after_s`: when to try again, in seconds.

    `broke_off`: the replica was lost while the call ran. The call may have been executed, and it
    may be what ended the process: whoever repeats it should not do so for ever.
    """

    module: str
    reason: str
    retry_after_s: float
    broke_off: bool

    def __init__(
        self, module: str, reason: str, retry_after_s: float = 1.0, *, broke_off: bool = False
    ) -> None:
        self.module, self.reason, self.retry_after_s = module, reason, retry_after_s
        self.broke_off = broke_off
        super().__init__(module, reason, retry_after_s)

    def __str__(self) -> str:
        return f"module {self.module!r} is unavailable: {self.reason}"


class Overloaded(Unavailable):
    """The module refused the call because too many are in flight; nothing was executed."""

    def __str__(self) -> str:
        return f"module {self.module!r} is overloaded: {self.reason}"


class DeadlineExceeded(AmoebaError, TimeoutError):  # noqa: N818 - the field's standard term
    """The deadline around a call passed before the call ended. `what` names call or scope."""

    what: str

    def __init__(self, what: str = "the deadline passed") -> None:
        self.what = what
        super().__init__(what)

    def __str__(self) -> str:
        return self.what


class RemoteError(AmoebaError):
    """An exception from another module whose type the contract does not declare.

    `type_name` is `package.module:Name`; `traceback` is the callee's own, for logs only.
    """

    type_name: str
    message: str
    traceback: str

    def __init__(self, type_name: str, message: str, traceback: str = "") -> None:
        self.type_name, self.message, self.traceback = type_name, message, traceback
        super().__init__(type_name, message, traceback)

    def __str__(self) -> str:
        name = self.type_name.rpartition(":")[2]
        return f"{name}: {self.message}" if self.message else name


class RemoteTraceback(Exception):  # noqa: N818 - shown as a cause, never raised by itself
    """The callee's traceback, shown as the cause of an exception that crossed."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f'\n"""\n{self.text.rstrip()}\n"""'


class WireError(AmoebaError):
    """The peer broke the protocol, or refused this side; the connection is closed."""

    reason: str

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def __str__(self) -> str:
        return self.reason


def render(problem: Problem) -> str:
    """One problem as text: `file:line: where: what`, then expected and hint on their own lines."""
    place = f"{problem.file}:{problem.line}" if problem.line else problem.file
    parts = [part for part in (place, problem.where, problem.what) if part]
    lines = [": ".join(parts)]
    if problem.expected:
        lines.append(f"  expected: {problem.expected}")
    if problem.hint:
        lines.append(f"  hint: {problem.hint}")
    return "\n".join(lines)


def render_problems(problems: Sequence[Problem]) -> str:
    """All problems, in the order of the file, with a count when there are several."""
    ordered = sorted(problems, key=lambda p: (p.file, p.line))
    text = "\n".join(render(problem) for problem in ordered)
    return f"{text}\n{len(ordered)} problems" if len(ordered) > 1 else text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known name, or lists the few there are."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"known: {', '.join(names)}" if 0 < len(names) <= 12 else ""
