"""The right to train into a folder of models: one run at a time has it, whatever its process.

It is a lock that the operating system holds on a file and lets go of when the process ends, however
it ends; so a run is known to be dead when its claim is free. The file names the run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support_desk.training import TrainingBusy

try:
    import fcntl
except ImportError:  # Windows, where the application is one process and no second one trains
    fcntl = None  # type: ignore[assignment]  # the one place that has to know

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

FILE = ".training"


class Claim:
    """Taken when made; raises `TrainingBusy` where another run has it, and `OSError`."""

    def __init__(self, models: Path, run_id: str) -> None:
        models.mkdir(parents=True, exist_ok=True)
        self._file: int | None = os.open(models / FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take(run_id)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let another run have it; a second time is no harm."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _take(self, run_id: str) -> None:
        assert self._file is not None  # noqa: S101 - it was opened just now
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainingBusy(os.read(self._file, 100).decode("utf-8", "replace")) from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, run_id.encode(), 0)
