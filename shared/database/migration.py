"""Migrations: Alembic over one service's `migrations/` folder, plain SQL, forward only.

A revision is a file `NNNN_what_it_does.py` with `revision = "NNNN"`, `down_revision`, and an `upgrade()`
that calls `execute(STATEMENTS)`. So the newest revision is known from the file names, and a serving
process can compare it with the database without importing Alembic.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from sqlalchemy import Connection as SyncConnection


def execute(statements: Sequence[str]) -> None:
    """Run the statements of a revision, one by one, in its transaction."""
    from alembic import op

    connection = op.get_bind()
    for statement in statements:
        connection.exec_driver_sql(statement)


def run(folder: Path, owner_url: str) -> None:
    """Bring a database to the newest revision; a second one that starts meanwhile waits and finds it done.

    Raises:
        OSError, asyncpg.PostgresError: the database cannot be reached, or a statement failed (none is kept).
    """
    asyncio.run(upgrade(folder, owner_url))


async def upgrade(folder: Path, owner_url: str) -> None:
    """Do the same from within a running loop."""
    from sqlalchemy import pool
    from sqlalchemy.ext.asyncio import create_async_engine

    address = "postgresql+asyncpg://" + owner_url.split("://", 1)[1]
    engine = create_async_engine(address, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            # Whoever else migrates this database waits here until this transaction ends.
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('linli migrations'))")
            await connection.run_sync(_to_head, folder)
            # Readiness reads it.
            await connection.exec_driver_sql("GRANT SELECT ON alembic_version TO linli_system")
    finally:
        await engine.dispose()


def _to_head(connection: "SyncConnection", folder: Path) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    script = ScriptDirectory(str(folder), version_locations=[str(folder)])

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)  # noqa: SLF001  (what Alembic's own command calls)

    with EnvironmentContext(config, script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=None)
        environment.run_migrations()


def expected_revision(folder: Path) -> str:
    """Tell the newest revision that this code knows, from the file names."""
    return max(path.name[:4] for path in folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


async def current_revision(pool: "asyncpg.Pool[asyncpg.Record]") -> str | None:
    """Tell the revision the database is at; None before its first migration."""
    try:
        revision: str | None = await pool.fetchval("SELECT version_num FROM public.alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return revision
