"""Handing out GPUs: whole ones in turn, and shares of one packed together."""

from __future__ import annotations

import math


class GpuPacker:
    """Gives each taker GPUs by number, from 0; a share never straddles two."""

    def __init__(self) -> None:
        self._next = 0.0

    @property
    def used(self) -> int:
        """How many GPUs are needed for what was taken so far."""
        return math.ceil(self._next)

    def take(self, share: float) -> list[int]:
        """The GPUs of one taker. `share`: how many, or a part of one."""
        rest = self._next % 1
        if rest and (share >= 1 or rest + share > 1):
            self._next = float(math.ceil(self._next))
        first = int(self._next)
        self._next += share if share < 1 else math.ceil(share)
        return list(range(first, first + max(1, math.ceil(share))))
