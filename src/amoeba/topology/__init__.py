"""Topologies: which modules run together.

A topology is plain data. As written it places some modules; `complete` puts the rest in `main`;
`topology_problems` says what keeps it from running, here or anywhere. Nothing here starts or
imports anything.
"""

from amoeba.topology.gpus import GpuPacker
from amoeba.topology.model import GATEWAY, MAIN, MONOLITH, Process, Topology
from amoeba.topology.validation import Machine, topology_problems

__all__ = [
    "GATEWAY",
    "MAIN",
    "MONOLITH",
    "GpuPacker",
    "Machine",
    "Process",
    "Topology",
    "topology_problems",
]
