"""All that was measured, before it is made into rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from amoeba.advisor.comparing.measuring import Round
from amoeba.advisor.comparing.probes import Probe
from amoeba.advisor.history import History
from amoeba.app import Application
from amoeba.load import Found, Scenario

if TYPE_CHECKING:
    from amoeba.topology import Process, Topology


class Measured(msgspec.Struct, frozen=True):
    """Rounds and probes by topology, in the order in which topologies were named.

    `probes` has a list for each round. Without probes or a search, they are empty. `chosen`: the
    module to scale and update; empty for the busiest. `history`: what git knows.
    """

    application: Application
    scenario: Scenario
    rounds: dict[str, list[Round]]
    probes: dict[str, list[list[Probe]]]
    found: dict[str, Found]
    chosen: str = ""
    history: History | None = None

    @property
    def names(self) -> list[str]:
        """The topologies."""
        return list(self.rounds)

    @property
    def busiest(self) -> str:
        """The module that computes most, over all topologies and rounds; empty when unknown."""
        used: dict[str, float] = {}
        for rounds in self.rounds.values():
            for each in rounds:
                for module, share in each.shape.cpu_by_module.items():
                    used[module] = used.get(module, 0.0) + share
        modules = [name for name in used if name in self.application.modules]
        return max(modules, key=lambda name: used[name], default="")

    @property
    def module(self) -> str:
        """The module that is scaled and updated: the one that was asked for, or the busiest."""
        return self.chosen or self.busiest

    @property
    def titled(self) -> str:
        """That module, in a title."""
        return self.chosen or f"{self.busiest}, the busiest module"

    def share(self, name: str, module: str) -> list[float]:
        """A module's share of the CPU time of all calls and requests, in each round."""
        shares = [each.shape.cpu_by_module for each in self.rounds[name]]
        return [each.get(module, 0.0) if each else math.nan for each in shares]

    def topology(self, name: str) -> Topology:
        """A topology, every part placed."""
        return self.application.topology(name)

    def process_of(self, name: str, module: str) -> Process:
        """Where a module runs in a topology."""
        process = self.topology(name).process_of(module)
        assert process is not None  # noqa: S101 - a complete topology places every part
        return process

    def of_module(self, name: str, module: str, kind: str) -> list[Probe]:
        """The probes of one kind of the process that a module runs in, one per round."""
        process = self.process_of(name, module).name
        return [
            probe
            for each in self.probes.get(name, [])
            for probe in each
            if probe.process == process and probe.kind == kind
        ]
