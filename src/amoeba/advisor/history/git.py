"""Running git: with a time limit, without a shell, and whatever the user's configuration says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORT_S = 10.0

# Of the variables that steer git, those that say where its configuration is are the user's to set.
# Others point to another repository (in a hook, say), or change what is printed.
_KEPT = re.compile(r"GIT_(CONFIG_.*|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|EXEC_PATH)")
_ALWAYS = (
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0"),
)


class GitFailed(Exception):  # noqa: N818 - says what is the case
    """Git could not say; the text is why."""


@dataclass(frozen=True)
class Answer:
    """What one call of git printed; when its time was up, until then and with a code of -1."""

    code: int
    out: bytes
    error: str


@dataclass(frozen=True)
class Git:
    """Git, run in a folder."""

    folder: Path
    executable: str

    @classmethod
    def find(cls, folder: Path) -> Git:
        """Git for a folder. Raises GitFailed when it is not installed, or there is no folder."""
        executable = shutil.which("git")
        if executable is None:
            raise GitFailed("git is not installed")
        if not folder.is_dir():
            raise GitFailed(f"there is no folder {folder}")
        return cls(folder, executable)

    def ask(
        self,
        *arguments: str,
        timeout_s: float = SHORT_S,
        given: bytes = b"",
        variables: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run git, whatever comes of it. Raises GitFailed when it cannot be run."""
        late = f"took longer than {timeout_s:g} s"
        if timeout_s <= 0:
            return Answer(-1, b"", late)
        command = [self.executable, "-C", str(self.folder), *_ALWAYS, *arguments]
        environment = _environment() | dict(variables or {})
        try:
            done = subprocess.run(  # noqa: S603 - a list of arguments, none of them a command
                command,
                input=given,
                capture_output=True,
                timeout=timeout_s,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            return Answer(-1, expired.stdout or b"", late)
        except (OSError, ValueError) as error:
            raise GitFailed(f"git cannot be run: {error}") from None
        return Answer(done.returncode, done.stdout, done.stderr.decode(errors="replace"))

    def read(self, *arguments: str, timeout_s: float = SHORT_S, given: bytes = b"") -> bytes:
        """What git prints. Raises GitFailed with its reason when it fails."""
        answer = self.ask(*arguments, timeout_s=timeout_s, given=given)
        if answer.code != 0:
            raise GitFailed(reason(arguments[0], answer.error))
        return answer.out


def reason(command: str, error: str) -> str:
    """Why a command of git failed, in one line."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    found = next((line for line in lines if line.startswith("fatal: ")), lines[0] if lines else "")
    return f"git {command}: {found.removeprefix('fatal: ') or 'failed without a reason'}"


def text(path: bytes) -> str:
    """A path or a name as git has it, whatever its bytes."""
    return path.decode("utf-8", "surrogateescape")


def _environment() -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or _KEPT.fullmatch(key)
    }
    # A partial clone would fetch what it lacks, file by file; older gits know the protocols only.
    offline = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}
    return kept | offline | {"LC_ALL": "C"}
