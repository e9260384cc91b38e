"""What the changes of the past would have meant for processes that are deployed apart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from amoeba.advisor.history.history import History, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MAIN = "main"


class Deployments(msgspec.Struct, frozen=True):
    """Deployments that the changes would have needed, were each deployed by itself.

    `crossing`: the share of changes for which two processes or more have to be deployed.
    `by_process`: how many changes each process would have been deployed for. Changes of shared
    code count only for the modules that they touch besides, so both are a lower bound: `shared`
    is the share of changes that this concerns.
    """

    crossing: Share
    by_process: dict[str, int]
    shared: Share

    @property
    def total(self) -> int:
        """How many deployments of one process there would have been, all together."""
        return sum(self.by_process.values())


def deployments(history: History, processes: Mapping[str, Iterable[str]]) -> Deployments:
    """What the changes would have meant, with modules grouped as `{process: modules}`.

    What no process has is in `main`, as in a topology.
    """
    placed = {module: process for process, modules in processes.items() for module in modules}
    every = dict.fromkeys([*processes, *(placed.get(each, _MAIN) for each in history.modules)], 0)
    changes = history.of_modules
    touched = [{placed.get(module, _MAIN) for module in change.modules} for change in changes]
    counts = Counter(process for each in touched for process in each)
    return Deployments(
        crossing=Share(sum(len(each) > 1 for each in touched), len(changes)),
        by_process=every | counts,
        shared=Share(sum(change.shared for change in changes), len(changes)),
    )
