r"""Who owns a file, by a CODEOWNERS file and GitHub's rules for it.

    pattern owner owner…   # comment

The last line that matches decides, and without owners it says that nobody owns. Patterns are those
of `.gitignore`, but `!`, `[a-z]` and `\#` are not known, and `folder/*` holds a folder's own files,
not those further down. As on GitHub a line with one of the former is skipped, and one with an owner
that is neither `@name`, `@org/team` nor an email.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
_OWNER = re.compile(r"@[\w.-]+(/[\w.-]+)?|[^@\s]+@[^@\s]+")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_NOT_SUPPORTED = re.compile(r"^!|\[|^\\#")


@dataclass(frozen=True)
class CodeOwners:
    """The lines that count, the last first; `skipped` has the numbers of those that do not."""

    rules: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    skipped: tuple[int, ...] = ()

    def owners(self, path: str) -> tuple[str, ...]:
        """The owners of a file, by its path from the top of the repository; sorted."""
        return next((owners for pattern, owners in self.rules if pattern.fullmatch(path)), ())


def read_codeowners(content: str) -> CodeOwners:
    """The rules of a CODEOWNERS file."""
    rules: list[tuple[re.Pattern[str], tuple[str, ...]]] = []
    skipped: list[int] = []
    for number, line in enumerate(content.splitlines(), 1):
        words = _words(line)
        if not words:
            continue
        pattern, *owners = words
        if _NOT_SUPPORTED.search(pattern) or not all(map(_OWNER.fullmatch, owners)):
            skipped.append(number)
            continue
        rules.append((compile_pattern(pattern), tuple(sorted(set(owners)))))
    return CodeOwners(tuple(reversed(rules)), tuple(skipped))


def _words(line: str) -> list[str]:
    """The words of a line before its comment. A backslash keeps a space within a word."""
    words: list[str] = []
    for word in _WORD.findall(line):
        if word.startswith("#"):
            break
        words.append(word)
    return words


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The expression that a whole path has to match.

    A pattern with a slash before its end counts from the top, another one at any depth. One that
    names a folder holds all that is in it.
    """
    inner = pattern.removesuffix("/")
    anchored = "/" in inner
    parts = inner.removeprefix("/").split("/")
    expression = "" if anchored else "(?:.*/)?"
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            expression += ".*" if last else "(?:.*/)?"
        else:
            expression += _part(part) + ("" if last else "/")
    if pattern.endswith("/"):
        expression += "/.*"
    elif parts[-1] == "**" or (parts[-1] == "*" and anchored):
        pass
    else:
        expression += "(?:/.*)?"
    return re.compile(expression, re.DOTALL)


def _part(part: str) -> str:
    """One name of a pattern: `*` and `?` do not match a slash."""
    pieces = re.findall(r"\\.|\*+|.", part, re.DOTALL)
    return "".join(map(_piece, pieces))


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    return re.escape(piece[1:] if piece.startswith("\\") and len(piece) > 1 else piece)
