"""The command `python -m support_desk.training`.

Exit codes: 0 trained, 1 the models could not be written, 2 wrong usage or unusable data.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from support_desk import folders
from support_desk.errors import DataError
from support_desk.training import TrainingBusy
from support_desk.training.claim import Claim
from support_desk.training.control import Control, unheard
from support_desk.training.failures import worded
from support_desk.training.report import summary
from support_desk.training.run import train
from support_desk.training.sources import read_sources

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says and give the exit code."""
    options = _parser().parse_args(arguments)
    models = options.out.absolute()
    control = Control(_tell if _watched() and not options.quiet else unheard)
    try:
        sources = read_sources(options.data.absolute() if options.data else None, options.seed)
        with Claim(models, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"):
            report = train(sources, models, control)
    except TrainingBusy as error:
        return _fail(f"{error}\n  where: {models}\nhint: try again when it is done", 1)
    except (DataError, ModuleNotFoundError, OSError) as error:
        told = worded(error, models)
        if not told:
            raise
        return _fail(told, 1 if isinstance(error, OSError) else 2)
    told = report.encoded().decode() if options.json else summary(report, models) + "\n"
    sys.stdout.write(told)
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
        help="a folder with banking77/train.csv and nlupp-banking/fold0.json to fold13.json "
        "(left out: the small corpus shipped)",
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
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _watched() -> bool:
    return sys.stderr.isatty() and "CI" not in os.environ


def _tell(stage: str, step: int, steps: int) -> None:
    sys.stderr.write(f"[{step}/{steps}] {stage} …\n")


def _fail(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
