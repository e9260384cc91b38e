"""Brings a module's tables to the newest revision, in one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ENVIRONMENT = Path(__file__).parent / "alembic"
_LOCK = 0x5D35_0001
"""Of PostgreSQL's advisory locks: two processes that start at once migrate one after the other."""


def migrate(connection: Connection, migrations: Path, version_table: str) -> None:
    """Run the revisions in `migrations` that `version_table` does not have yet."""
    from alembic import command  # a tenth of a second to import, needed once
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    config = Config()
    for key, path in (("script_location", _ENVIRONMENT), ("version_locations", migrations)):
        config.set_main_option(key, str(path).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, version_table=version_table)
    command.upgrade(config, "head")
