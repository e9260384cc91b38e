import os
from pathlib import Path

import amoeba


class Hoarder:
    """Allocates memory and keeps it."""

    def __init__(self) -> None:
        self._kept: list[bytearray] = []

    @amoeba.threaded
    def allocate(self, size: int) -> int:
        """Allocate; by how many bytes the process has grown, as the system says."""
        before = resident_bytes()
        self._kept.append(bytearray(b"x") * size)
        return resident_bytes() - before


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
