"""A budget for trying again, so that retries never multiply the load on what is failing."""

from __future__ import annotations

_PER_CALL = 0.1
_MOST = 10.0


class RetryBudget:
    """Each call earns a tenth of a retry; at most ten are saved up."""

    __slots__ = ("_saved",)

    def __init__(self) -> None:
        self._saved = _MOST

    def earn(self) -> None:
        """A call was made."""
        self._saved = min(_MOST, self._saved + _PER_CALL)

    def spend(self) -> bool:
        """Whether one more retry is allowed; it is then spent."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True
