"""Load: requests as they would arrive, whatever the answers do, and what came of them.

    load.toml → `read_scenario` → Scenario → `Generator` → Recording → `make_report` → Report
                                      └──────→ `find_rate` → Found: one Generator per step

Arrivals follow from the seed alone (`arrivals`), requests from weights and data (`mix`,
`templates`). A latency counts from the arrival, so a stalled target cannot hide what it did to
those who came meanwhile, and a failure counts as slower than any answer. `health` watches the
generator itself and says when the figures are its own. Nothing here knows Amoeba's runtime: any
HTTP server can be the target, and no other address is ever spoken to.
"""

from amoeba.load import words
from amoeba.load.client import Unreachable
from amoeba.load.extras import MissingExtra
from amoeba.load.figures import Figures, Quantile, quantile_ms
from amoeba.load.generator import Generator, Measured
from amoeba.load.health import Health
from amoeba.load.judging import Check
from amoeba.load.page import write_page
from amoeba.load.reading import FILE_NAME, Overrides, override, read_scenario
from amoeba.load.recording import Recording, merged
from amoeba.load.report import Moment, Report, make_report
from amoeba.load.scenario import Scenario
from amoeba.load.search import Found, Step, Steps, find_rate
from amoeba.load.svg import require_plots

__all__ = [
    "FILE_NAME",
    "Check",
    "Figures",
    "Found",
    "Generator",
    "Health",
    "Measured",
    "MissingExtra",
    "Moment",
    "Overrides",
    "Quantile",
    "Recording",
    "Report",
    "Scenario",
    "Step",
    "Steps",
    "Unreachable",
    "find_rate",
    "make_report",
    "merged",
    "override",
    "quantile_ms",
    "read_scenario",
    "require_plots",
    "words",
    "write_page",
]
