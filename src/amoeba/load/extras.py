"""What load testing needs and the core does not install."""

from __future__ import annotations

from amoeba.errors import AmoebaError


class MissingExtra(AmoebaError):  # noqa: N818 - says what is the case
    """A package of an extra is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(package, extra)

    def __str__(self) -> str:
        return f"this needs {self.package}\n  hint: pip install 'amoeba[{self.extra}]'"
