"""Databases: a module opens its own, brings its schema up to date, and reads and writes.

::

    url -> Database.open -> migrated to the newest revision -> reading() / writing() -> close

A module's tables are its own: no other module reads or writes them. Each module has a folder
`migrations` of Alembic revisions and a table that says how far they have come, so two modules may
share a PostgreSQL database without knowing of each other.
"""

from support_desk.database.columns import Rows, UtcDateTime
from support_desk.database.engine import Database, DatabaseError, stored_once

__all__ = ["Database", "DatabaseError", "Rows", "UtcDateTime", "stored_once"]
