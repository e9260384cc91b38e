"""Small real repositories, made by git with fixed authors and dates."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST = datetime(2024, 3, 1, 12, tzinfo=UTC)
ANN, BEN, EVE = "Ann <ann@example.org>", "Ben <ben@example.org>", "Eve <eve@example.org>"
BARE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Repo:
    """A repository that begins with a commit of its own; each further commit is a day later."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.days = folder, 1

    @classmethod
    def begin(cls, folder: Path) -> Repo:
        folder.mkdir(parents=True)
        repo = cls(folder)
        repo.git("init", "-q", "-b", "main", "--template=")
        repo.git("config", "core.fsync", "none")
        repo.commit({"README.md": "An application.\n"}, "Begin")
        return repo

    def git(self, *arguments: str, by: str = ANN, check: bool = True) -> str:
        name, _, email = by.rstrip(">").rpartition(" <")
        date = (FIRST + timedelta(days=self.days)).isoformat()
        variables = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", email), ("DATE", date))
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env=kept | BARE | variables,
            capture_output=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode(errors="replace").strip()

    def write(self, files: dict[str, str]) -> None:
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def commit(self, files: dict[str, str], message: str = "Change", by: str = ANN) -> None:
        """Write files and commit all there is."""
        self.days += 1
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, by=by)

    def touch(self, *paths: str, message: str = "Change", by: str = ANN) -> None:
        """Commit a new line at the end of each file."""
        files = {}
        for path in paths:
            file = self.folder / path
            known = file.read_text() if file.exists() else ""
            files[path] = f"{known}line = {self.days}\n"
        self.commit(files, message, by)

    def merge(self, branch: str) -> None:
        """Merge a branch; what conflicts becomes the branch's."""
        self.days += 1
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", "-X", "theirs", branch)
