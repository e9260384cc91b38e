"""The command `python -m support_desk.training`.

Exit codes: 0 trained, 1 the model could not be written, 2 wrong usage or unusable data.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support_desk import folders
from support_desk.errors import DataError
from support_desk.training.banking77 import read_banking77
from support_desk.training.corpus import read_corpus
from support_desk.training.run import train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_desk.classifier.card import Card


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says and give the exit code."""
    options = _parser().parse_args(arguments)
    folder = options.out.absolute() / "classifier"
    progress = _tell if _watched() and not options.quiet else _ignore
    try:
        data = read_banking77(options.data.absolute()) if options.data else read_corpus()
        card = train(data, folder, seed=options.seed, progress=progress)
    except DataError as error:
        return _fail(str(error), 2)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("sklearn", "threadpoolctl"):
            raise
        return _fail("training needs scikit-learn\nhint: pip install scikit-learn", 2)
    except OSError as error:
        reason = error.strerror or error
        return _fail(
            f"the model cannot be written: {reason}\n  where: {error.filename or folder}\n"
            "  expected: a folder to write to, on a disk with space\n"
            "hint: python -m support_desk.training --out DIR",
            1,
        )
    sys.stdout.write(_summary(card, folder) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m support_desk.training",
        description="Train the support desk's models and say how well they do.",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="a folder with banking77/train.csv (left out: the small corpus shipped)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=folders.models(),
        help="where the models go (left out: where the application loads them from, that is "
        "SUPPORT_DESK_MODELS or `models` beside amoeba.toml)",
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses the messages held out")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def _summary(card: Card, folder: Path) -> str:
    metrics = card.metrics
    return (
        f"classifier: accuracy {metrics.accuracy:.4f} on {metrics.held_out} messages held out, "
        f"{metrics.trained_on} trained on, {len(card.names.labels)} intents, in {folder}"
    )


def _watched() -> bool:
    return sys.stderr.isatty() and "CI" not in os.environ


def _tell(stage: str) -> None:
    sys.stderr.write(f"{stage} …\n")


def _ignore(_: str) -> None:
    pass


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
