"""One module's database: SQLite in a file, or PostgreSQL by URL.

SQLite has one writer at a time. Within the process a lock makes writers wait for each other, which
is fairer than SQLite's own polling; `BEGIN IMMEDIATE` does so between processes. Each commit is on
disk before it is answered (`synchronous = FULL`).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa
from alembic.util.exc import CommandError
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

import amoeba
from support_desk import folders
from support_desk.database.migrate import migrate
from support_desk.errors import Problem, rendered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
    from pathlib import Path

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
EXPECTED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_BUSY_S = 5.0
_CONNECT_S = 5.0
_COMMAND_S = 30.0
_LOST = (OperationalError, InterfaceError, sa.exc.TimeoutError, OSError)
_LOST_STATES = ("08", "40", "53", "57P")
"""Classes of PostgreSQL's errors that say nothing of the statement: try again later."""


class DatabaseError(Exception):
    """A module's database cannot be used; the text never holds a password."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return rendered([self.problem], hint="see 'Databases' in the support desk's README.md")


class Database:
    """The database of one module. Make it with `open`."""

    def __init__(self, engine: AsyncEngine, module: str) -> None:
        self._engine, self._module = engine, module
        one_writer = engine.dialect.name == "sqlite"
        self._turn = asyncio.Lock() if one_writer else nullcontext()

    @classmethod
    async def open(cls, url: str, module: str, migrations: Path) -> Self:
        """Connect, and bring the schema to the newest revision. Raises `DatabaseError`.

        One at a time in a process: Alembic keeps what it is doing in globals.
        """
        address = _address(url, module)
        engine = _engine(address)
        try:
            async with _transaction(engine) as connection:
                await connection.run_sync(migrate, migrations, f"{module}_revision")
        except (SQLAlchemyError, CommandError, OSError, TypeError) as error:
            await engine.dispose()
            shown = address.set(query={}).render_as_string(hide_password=True)
            where = f"{module}, {shown}"
            what = f"the database cannot be used: {_reason(error)}"
            raise DatabaseError(Problem(what, where, "a database that answers")) from error
        return cls(engine, module)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection to read from. Raises `amoeba.Unavailable` when there is none."""
        with _lost_is_unavailable(self._module):
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Give a transaction: all of it is stored at the end of the block, or nothing.

        Raises `amoeba.Unavailable` when the database cannot be reached.
        """
        with _lost_is_unavailable(self._module):
            async with self._turn, _transaction(self._engine) as connection:
                yield connection


async def stored_once(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Insert those of `rows` that break no unique constraint; gives how many that were."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    done = 0
    for row in rows:
        statement = dialect.insert(table).values(dict(row)).on_conflict_do_nothing()
        done += (await connection.execute(statement)).rowcount
    return done


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Begin as a writer: SQLite could not turn a reader that saw an older state into one."""
    async with engine.connect() as connection:
        await connection.execution_options(sqlite_begin="IMMEDIATE")
        async with connection.begin():
            yield connection


def _address(url: str, module: str) -> sa.URL:
    try:
        address = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):  # a port that is none is shown with the password
        address = None
    if address is None or address.get_backend_name() not in DRIVERS:
        shown = "no URL" if address is None else f"{address.get_backend_name()!r}"
        what = f"the database is {shown}"
        raise DatabaseError(Problem(what, f"{module}, setting `database`", EXPECTED))
    name = address.get_backend_name()
    address = address.set(drivername=DRIVERS[name])
    if name == "sqlite":
        if not address.database or address.database == ":memory:":
            what = "the database names no file"
            raise DatabaseError(Problem(what, f"{module}, setting `database`", EXPECTED))
        path = folders.APPLICATION / address.database
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = f"the database's folder cannot be made: {error.strerror}"
            raise DatabaseError(Problem(what, f"{module}, {path.parent}", "a folder")) from error
        address = address.set(database=str(path))
    return address


def _postgresql(address: sa.URL) -> AsyncEngine:
    options: dict[str, Any] = {"timeout": _CONNECT_S, "command_timeout": _COMMAND_S}
    query = dict(address.query)
    if mode := query.pop("sslmode", None):  # what libpq calls it, and most URLs
        options["ssl"] = mode
    return create_async_engine(
        address.set(query=query),
        pool_pre_ping=True,  # a server that was restarted costs no request
        connect_args=options,
        hide_parameters=True,  # customers' words belong in no log
    )


def _engine(address: sa.URL) -> AsyncEngine:
    if address.get_backend_name() == "postgresql":
        return _postgresql(address)
    engine = create_async_engine(address, connect_args={"timeout": _BUSY_S}, hide_parameters=True)

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begun` says
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def begun(connection: sa.Connection) -> None:
        how = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {how}")

    return engine


@contextmanager
def _lost_is_unavailable(module: str) -> Iterator[None]:
    """Turn a lost database into the error that the gateway answers with 503."""
    try:
        yield
    except amoeba.DeadlineExceeded:
        raise
    except (DBAPIError, *_LOST) as error:
        if not _is_lost(error):
            raise
        reason = f"its database failed: {_reason(error)}"
        raise amoeba.Unavailable(module, reason) from error


def _is_lost(error: Exception) -> bool:
    """Whether it is the database that failed, and not the statement."""
    if isinstance(error, _LOST) or not isinstance(error, DBAPIError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_LOST_STATES)


def _reason(error: BaseException) -> str:
    """Say why in one line, without SQL and parameters, which are the customers' words."""
    inner = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(inner).partition("\n")[0] or type(inner).__name__
