"""Whole outputs, kept in `golden/`. After a wanted change, write them anew and read the difference:

AMOEBA_WRITE_GOLDEN=1 python -m pytest tests/advisor/comparing && git diff tests/advisor
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


def is_golden(found: str, name: str) -> bool:
    path = GOLDEN / name
    if os.environ.get("AMOEBA_WRITE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    assert found == kept
    return True
