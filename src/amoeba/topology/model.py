"""A topology: which modules run together, with how many replicas and which resources."""

from __future__ import annotations

import msgspec

MAIN = "main"
GATEWAY = "gateway"
MONOLITH = "monolith"


class Process(msgspec.Struct, frozen=True):
    """One entry of a topology. `gpus` may be a share of one; `memory_bytes` is a watched limit."""

    name: str
    modules: tuple[str, ...] = ()
    replicas: int = 1
    cpus: int | None = None
    gpus: float = 0.0
    memory_bytes: int | None = None
    python: str | None = None
    environment: dict[str, str] = {}


class Topology(msgspec.Struct, frozen=True):
    """Processes by name. As written it may leave modules out; `complete` puts them in `main`."""

    name: str
    processes: tuple[Process, ...] = ()

    def complete(self, parts: tuple[str, ...]) -> Topology:
        """The same topology with every part (module or gateway) placed."""
        placed = {module for process in self.processes for module in process.modules}
        left = tuple(part for part in parts if part not in placed)
        processes = {process.name: process for process in self.processes}
        if left or MAIN in processes:
            main = processes.get(MAIN, Process(MAIN))
            main = msgspec.structs.replace(main, modules=(*main.modules, *left))
            processes = {MAIN: main, **{k: v for k, v in processes.items() if k != MAIN}}
        return Topology(self.name, tuple(processes.values()))

    def process_of(self, part: str) -> Process | None:
        """The process that a module, or the gateway, is placed in."""
        return next((each for each in self.processes if part in each.modules), None)
