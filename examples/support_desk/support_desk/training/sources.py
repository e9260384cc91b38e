"""All the data of one run: what each model learns from, and what it is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_desk.errors import DataError, Problem
from support_desk.folders import sha256
from support_desk.training.banking77 import read_banking77
from support_desk.training.corpus import CORPUS, read_marked
from support_desk.training.data import DataFile
from support_desk.training.nlupp import FOLDER, Folds, read_nlupp
from support_desk.training.split import held_out

if TYPE_CHECKING:
    from pathlib import Path

    from support_desk.training.data import Dataset, Marked


@dataclass(frozen=True, slots=True)
class Sources:
    """What to train on. The extractor is cross-validated where there are `folds`.

    `marked` is what the extractor learns from, `unseen` what it is measured on where there are no
    folds. `plain` are more texts from which words are known, whatever they name.
    """

    files: tuple[DataFile, ...]
    seed: int
    messages: Dataset
    marked_name: str
    marked: tuple[Marked, ...]
    unseen: tuple[Marked, ...] = ()
    folds: tuple[tuple[Marked, ...], ...] = ()
    plain: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Tell these data and this seed from others."""
        return sha256("\n".join([str(self.seed), *(one.sha256 for one in self.files)]).encode())


def read_sources(folder: Path | None, seed: int) -> Sources:
    """Read the data in `folder`, or the corpus; raises `DataError` with all that is wrong."""
    return _of_folder(folder, seed) if folder else _of_corpus(CORPUS, seed)


def _of_corpus(path: Path, seed: int) -> Sources:
    data, marked = read_marked(path)
    apart = set(held_out(data.rows, seed))
    return Sources(
        files=(DataFile(data.name, data.sha256),),
        seed=seed,
        messages=data,
        marked_name=data.name,
        marked=tuple(one for number, one in enumerate(marked) if number not in apart),
        unseen=tuple(one for number, one in enumerate(marked) if number in apart),
    )


def _of_folder(folder: Path, seed: int) -> Sources:
    problems: list[Problem] = []
    messages: Dataset | None = None
    marked: Folds | None = None
    try:
        messages = read_banking77(folder)
    except DataError as error:
        problems += error.problems
    try:
        marked = read_nlupp(folder)
    except DataError as error:
        problems += error.problems
    if messages is None or marked is None:
        raise DataError(problems)
    return Sources(
        files=(DataFile(messages.name, messages.sha256), *marked.files),
        seed=seed,
        messages=messages,
        marked_name=FOLDER,
        marked=tuple(one for fold in marked.folds for one in fold),
        folds=marked.folds,
        plain=tuple(row.text for row in messages.rows),
    )
