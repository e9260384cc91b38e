from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

LAB = Path(__file__).parent / "lab"

MODULES = """
[app]
name = "lab"
gateway = "lab.gateway:api"
paths = ["{lab}"]

[modules.worker]
contract = "lab.worker:Worker"
implementation = "lab.worker_here:WorkerHere"

[modules.helper]
contract = "lab.helper:Helper"
implementation = "lab.helper_here:HelperHere"

[gateway.uvicorn]
log_level = "warning"
"""

APART = """
[topologies.apart.processes.workers]
modules = ["worker"]

[topologies.apart.processes.helpers]
modules = ["helper"]
"""


@pytest.fixture
def lab(tmp_path: Path) -> Callable[..., Path]:
    """Write an amoeba.toml for the lab application, with more of it; returns its folder."""

    def write(more: str = APART, base: str = MODULES) -> Path:
        text = base.replace("{lab}", str(LAB)) + more
        (tmp_path / "amoeba.toml").write_text(text)
        return tmp_path

    return write
