"""The application: `amoeba.toml` read and checked, and the plan of how its modules are wired.

    amoeba.toml → `read_application` → Application → `make_plan` → Plan → runtime

`manifest` reads the file through `tables`, which notes every problem with its place; `settings`
binds a module's settings; `wiring` reads constructors. A plan holds classes and data, never an
object of the user's: making those is the runtime's work.
"""

from amoeba.app.loading import add_paths, import_object, print_user_traceback, search_paths
from amoeba.app.manifest import (
    FILE_NAME,
    Application,
    GatewaySpec,
    ModuleSpec,
    find_application,
    locate,
    read_application,
)
from amoeba.app.naming import named
from amoeba.app.secrets import Secret
from amoeba.app.wiring import Contracts, ModulePlan, Plan, cycle_problems, make_plan

__all__ = [
    "FILE_NAME",
    "Application",
    "Contracts",
    "GatewaySpec",
    "ModulePlan",
    "ModuleSpec",
    "Plan",
    "Secret",
    "add_paths",
    "cycle_problems",
    "find_application",
    "import_object",
    "locate",
    "make_plan",
    "named",
    "print_user_traceback",
    "read_application",
    "search_paths",
]
