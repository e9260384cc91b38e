"""An application of two processes, for what shows what it does."""

from __future__ import annotations

from pathlib import Path

LAB = Path(__file__).parent / "supervisor" / "lab"
CONFIG = f"""
[app]
name = "seen"
gateway = "lab.gateway:api"
paths = ["{LAB}"]

[modules.worker]
contract = "lab.worker:Worker"
implementation = "lab.worker_here:WorkerHere"

[topologies.apart.processes.workers]
modules = ["worker"]

[gateway.uvicorn]
log_level = "warning"
"""
