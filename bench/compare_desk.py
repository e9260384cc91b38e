"""Compares the support desk's architectures on real messages and arrivals. `make compare-desk`.

Trains the models on `../shared/data` (banking77, NLU++), then runs `amoeba compare monolith
models-apart services` with banking77's messages and the arrivals of the Azure LLM trace of 2023,
scaled in time. Writes `docs/comparisons/support-desk.{json,html,png}` and its `-figures.md`;
`support-desk.md`, which explains them, is written by hand. Takes about twenty minutes, and the
machine for itself.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DESK = ROOT / "examples" / "support_desk"
RESULTS = ROOT / "docs" / "comparisons"
AMOEBA = [sys.executable, "-m", "amoeba"]

SCENARIO = """\
# What customers write (banking77), when people asked a language model in production (Azure LLM
# inference trace 2023, conversations), at {rate:g} requests a second on average.

[target]
timeout = 5

[arrivals]
kind = "recorded"
file = "azure-llm-2023/conv.csv"
column = "TIMESTAMP"
rate = {rate:g}
duration = {duration:g}
warm_up = 5

[requests.triage]
weight = 6
path = "/triage"
json = {{ text = "{{text}}" }}
data = "banking77/train.csv"
order = "random"

[requests.open]
weight = 3
path = "/tickets"
json = {{ customer_id = "c-{{@number}}", text = "{{text}}" }}
headers = {{ idempotency-key = "{{@uuid}}" }}
data = "banking77/train.csv"
order = "random"
expect = [201]

[requests.page]
path = "/"

[slo]
p95_ms = 100
p99_ms = 250
error_rate = 0.001

[search]
step = 8
warm_up = 3
precision = 0.15

[compare.environment]
SUPPORT_DESK_MODELS = "{models}"
AMOEBA_TICKETS__DATABASE = "sqlite:///{{scratch}}/tickets.db"
AMOEBA_FEATURES__DATABASE = "sqlite:///{{scratch}}/features.db"
"""


def main() -> int:
    """Train, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--duration", type=float, default=40)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    if not (options.data / "banking77").is_dir():
        print(f"no banking77 in {options.data}: name the folder with --data", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        models = Path(name) / "models"
        training = [sys.executable, "-m", "support_desk.training", "--data", str(options.data)]
        environment = os.environ | {"SUPPORT_DESK_MODELS": str(models)}
        subprocess.run(training, cwd=DESK, env=environment, check=True)
        return compare(options, Path(name), models)


def compare(options: argparse.Namespace, folder: Path, models: Path) -> int:
    """Measure, and write the results."""
    for part in ("banking77", "azure-llm-2023"):
        (folder / part).symlink_to((options.data / part).resolve())
    scenario = folder / "load.toml"
    text = SCENARIO.format(rate=options.rate, duration=options.duration, models="MODELS")
    scenario.write_text(text.replace('"MODELS"', f'"{models}"'))
    options.results.mkdir(parents=True, exist_ok=True)
    kept = options.results / "support-desk.json"
    command = [*AMOEBA, "compare", "monolith", "models-apart", "services"]
    command += ["--scenario", str(scenario), "--rounds", str(options.rounds), "--json"]
    command += ["--module", "classifier"]
    with kept.open("wb") as output:
        subprocess.run(command, cwd=DESK, stdout=output, check=True)
    return render(kept)


def render(kept: Path) -> int:
    """The table, the page and its picture from the figures."""
    page, table = kept.with_suffix(".html"), kept.with_name(f"{kept.stem}-figures.md")
    command = [*AMOEBA, "compare", "--from", str(kept), "--report", str(page)]
    subprocess.run([*command, "--markdown", str(table)], check=True)
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import chromium

    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        tab.goto(page.resolve().as_uri())
        tab.screenshot(path=kept.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
