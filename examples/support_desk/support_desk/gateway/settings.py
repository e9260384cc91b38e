"""What the gateway reads from its environment."""

from __future__ import annotations

import math
import os


def deadline_s() -> float:
    """Read how long a request may take, in seconds, from `SUPPORT_DESK_DEADLINE`; 5 if not set.

    Raises `ValueError` where the variable is not a positive number.
    """
    value = os.environ.get("SUPPORT_DESK_DEADLINE", "5")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(
            f"SUPPORT_DESK_DEADLINE is {value!r}\n"
            "  where: the environment of the gateway's process\n"
            "  expected: a positive number of seconds\n"
            "hint: SUPPORT_DESK_DEADLINE=5 amoeba run"
        )
    return seconds


def admin_token() -> str:
    """Read what `/admin` asks for from `SUPPORT_DESK_ADMIN_TOKEN`; empty: nobody gets in."""
    return os.environ.get("SUPPORT_DESK_ADMIN_TOKEN", "")


DEADLINE_S = deadline_s()
