"""A module's database is made, migrated and used alike on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import support_desk
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from desk_fakes import until
from support_desk.database import Database, DatabaseError, stored_once
from support_desk.features import tables as features_tables
from support_desk.tickets import tables as tickets_tables

import amoeba

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from postgres import Postgres

PACKAGE = Path(support_desk.__file__).parent
TABLES = {"tickets": tickets_tables.metadata, "features": features_tables.metadata}
EVENT = {
    "id": "1",
    "kind": "message_received",
    "customer_id": "c",
    "ticket_id": "t",
    "at": datetime(2026, 5, 3, 12, 0, 0, 123456, UTC),
    "intent": "",
}
EVENTS = features_tables.events


def opened(url: str, use: Callable[[Database], Awaitable[Any]], module: str = "features") -> Any:
    async def run() -> Any:
        database = await Database.open(url, module, PACKAGE / module / "migrations")
        try:
            return await use(database)
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.mark.parametrize("module", TABLES)
def test_the_migrations_make_the_tables_that_the_code_uses(database_url: str, module: str) -> None:
    def differences(connection: sa.Connection) -> list[Any]:
        options = {"version_table": f"{module}_revision", "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, TABLES[module])

    async def compare(database: Database) -> list[Any]:
        async with database.reading() as connection:
            return await connection.run_sync(differences)

    assert opened(database_url, compare, module) == []


def test_two_modules_share_a_database_without_knowing(database_url: str) -> None:
    async def names(database: Database) -> set[str]:
        async with database.reading() as connection:
            return set(await connection.run_sync(lambda c: sa.inspect(c).get_table_names()))

    opened(database_url, names, "tickets")
    found = opened(database_url, names, "features")
    assert found == {
        "tickets",
        "messages",
        "outbox",
        "tickets_revision",
        "customer_events",
        "features_revision",
    }


def test_a_database_that_is_there_is_kept(database_url: str) -> None:
    async def put(database: Database) -> None:
        async with database.writing() as connection:
            await stored_once(connection, EVENTS, [EVENT])

    async def count(database: Database) -> Any:
        async with database.reading() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))

    opened(database_url, put)
    assert opened(database_url, count) == 1


def test_processes_that_start_at_once_migrate_one_after_the_other(
    database_url: str, application: Path
) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from support_desk.database import Database;"
        "asyncio.run(Database.open(sys.argv[1], 'tickets', Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, database_url, str(PACKAGE / "tickets" / "migrations")]
    started = [subprocess.Popen(command, cwd=application, stderr=subprocess.PIPE) for _ in range(3)]
    said = [process.communicate(timeout=60)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said


def test_what_is_stored_once_is_not_stored_twice(database_url: str) -> None:
    async def put(database: Database) -> tuple[int, int, int]:
        async with database.writing() as connection:
            first = await stored_once(connection, EVENTS, [EVENT])
            again = await stored_once(connection, EVENTS, [EVENT, EVENT | {"id": "2"}])
            return first, again, await stored_once(connection, EVENTS, [])

    assert opened(database_url, put) == (1, 1, 0)


def test_a_block_that_fails_stores_nothing(database_url: str) -> None:
    async def fail(database: Database) -> Any:
        async def break_off() -> None:
            async with database.writing() as connection:
                await stored_once(connection, EVENTS, [EVENT])
                raise KeyError

        with pytest.raises(KeyError):
            await break_off()
        async with database.reading() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))

    assert opened(database_url, fail) == 0


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-7))])
def test_a_time_comes_back_as_it_was_in_utc(database_url: str, zone: timezone) -> None:
    moment = datetime(2026, 5, 3, 23, 30, 0, 123456, zone)

    async def there_and_back(database: Database) -> Any:
        async with database.writing() as connection:
            await stored_once(connection, EVENTS, [EVENT | {"at": moment}])
        async with database.reading() as connection:
            return await connection.scalar(sa.select(EVENTS.c.at))

    found = opened(database_url, there_and_back)
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_writers_of_one_process_wait_for_each_other(database_url: str) -> None:
    async def many(database: Database) -> Any:
        async def put(number: int) -> None:
            async with database.writing() as connection:
                seen = await connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))
                assert seen is not None
                await stored_once(connection, EVENTS, [EVENT | {"id": str(number)}])

        await asyncio.gather(*map(put, range(40)))
        async with database.reading() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))

    assert opened(database_url, many) == 40


def test_a_server_that_went_away_is_unavailable_and_comes_back(postgres: Postgres) -> None:
    async def use(database: Database) -> None:
        async def count() -> Any:
            async with database.reading() as connection:
                return await connection.scalar(sa.select(sa.func.count()).select_from(EVENTS))

        assert await count() == 0
        postgres.stop()
        try:
            with pytest.raises(amoeba.Unavailable) as caught:
                await count()
        finally:
            postgres.start()
        assert caught.value.module == "features"
        assert await count() == 0

    opened(postgres.new_database(), use)


HINT = "hint: see 'Databases' in the support desk's README.md"
EXPECTED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("tickets.db", "the database is no URL"),
        ("", "the database is no URL"),
        ("postgresql://desk:p@ss:wor/d@db/desk", "the database is no URL"),
        ("mysql://root:secret@db/desk", "the database is 'mysql'"),
        ("sqlite://", "the database names no file"),
        ("sqlite:///:memory:", "the database names no file"),
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str, what: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        opened(url, _nothing)
    assert str(caught.value) == (
        f"{what}\n  where: features, setting `database`\n  expected: {EXPECTED}\n{HINT}"
    )


def test_a_server_that_does_not_answer_is_one_clear_error_without_the_password() -> None:
    with pytest.raises(DatabaseError) as caught:
        opened("postgresql://desk:swordfish@127.0.0.1:9/desk", _nothing)
    said = str(caught.value)
    assert said.startswith("the database cannot be used: ")
    assert "\n  where: features, postgresql+asyncpg://desk:***@127.0.0.1:9/desk\n" in said
    assert said.endswith(f"\n  expected: a database that answers\n{HINT}")
    assert "swordfish" not in said


@pytest.mark.parametrize("more", ["?password=swordfish", "?nonsense=swordfish"])
def test_what_stands_in_a_query_is_not_shown(more: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        opened(f"postgresql://desk@127.0.0.1:9/desk{more}", _nothing)
    assert "swordfish" not in str(caught.value)


def test_a_server_is_asked_for_encryption_as_libpq_would_ask(postgres: Postgres) -> None:
    opened(f"{postgres.new_database()}?sslmode=prefer", _nothing)
    with pytest.raises(DatabaseError) as caught:
        opened(f"{postgres.new_database()}?sslmode=require", _nothing)
    assert "SSL" in str(caught.value)


def test_a_schema_of_a_newer_release_is_one_clear_error(database_url: str) -> None:
    async def pretend(database: Database) -> None:
        async with database.writing() as connection:
            await connection.execute(sa.text("UPDATE features_revision SET version_num = '9999'"))

    opened(database_url, pretend)
    with pytest.raises(DatabaseError, match=r"the database cannot be used: .*9999"):
        opened(database_url, _nothing)


def test_a_server_that_is_lost_in_the_middle_of_a_query_is_unavailable(postgres: Postgres) -> None:
    async def use(database: Database) -> None:
        async def wait() -> None:
            async with database.reading() as connection:
                await connection.execute(sa.text("SELECT pg_sleep(60)"))

        async def asked(query: str) -> bool:
            async with database.reading() as connection:
                return bool(await connection.scalar(sa.text(query)))

        sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        waiting = asyncio.ensure_future(wait())
        await until(lambda: asked(f"SELECT count(*) {sleeping}"))
        assert await asked(f"SELECT pg_terminate_backend(pid) {sleeping}")
        with pytest.raises(amoeba.Unavailable, match="its database failed"):
            await waiting

    opened(postgres.new_database(), use)


def test_a_mistake_in_a_statement_is_no_outage_and_shows_no_parameters(database_url: str) -> None:
    async def twice(database: Database) -> None:
        async with database.writing() as connection:
            for _ in range(2):
                row = EVENT | {"customer_id": "swordfish"}
                await connection.execute(EVENTS.insert().values(row))

    with pytest.raises(sa.exc.IntegrityError) as caught:
        opened(database_url, twice)
    assert "swordfish" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "desk.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(DatabaseError) as caught:
        opened(f"sqlite:///{tmp_path}/desk.db", _nothing)
    assert str(caught.value) == (
        "the database cannot be used: file is not a database\n"
        f"  where: features, sqlite+aiosqlite:///{tmp_path}/desk.db\n"
        f"  expected: a database that answers\n{HINT}"
    )


def test_a_file_has_its_folder_made_in_the_application(tmp_path: Path, application: Path) -> None:
    opened(f"sqlite:///{tmp_path}/new/folder/desk.db", _nothing)
    assert (tmp_path / "new" / "folder" / "desk.db").is_file()
    assert not (application / "new").exists()


async def _nothing(_: Database) -> None:
    pass


def test_rows_hold_plain_data(database_url: str) -> None:
    async def there_and_back(database: Database) -> Any:
        row = dict.fromkeys(("id", "customer_id", "summary"), "x") | {
            "revision": 1,
            "pending": True,
            "attempts": 0,
            "waits_for": "",
            **dict.fromkeys(("created_at", "changed_at", "retry_at"), EVENT["at"]),
            "entities": [{"type": "date", "text": "Ünïcode 🎉", "start": 0, "end": 9}],
        }
        async with database.writing() as connection:
            await connection.execute(tickets_tables.tickets.insert().values(row))
        return await _first(database, tickets_tables.tickets.c.entities)

    async def _first(database: Database, column: sa.Column[Any]) -> Any:
        async with database.reading() as connection:
            return await connection.scalar(sa.select(column))

    found = opened(database_url, there_and_back, "tickets")
    assert found == [{"type": "date", "text": "Ünïcode 🎉", "start": 0, "end": 9}]
