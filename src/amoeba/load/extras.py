"""What load testing needs and the core does not install."""

from __future__ import annotations

from amoeba.errors import AmoebaError


class MissingExtra(AmoebaError):  # noqa: N818 - says what is the case
    """A library of an extra is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        self.library, self.extra = library, extra
        super().__init__(library, extra)

    def __str__(self) -> str:
        return f"this needs {self.library}\n  hint: pip install 'amoeba[{self.extra}]'"
