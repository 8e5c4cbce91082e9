"""Roles and databases on a PostgreSQL server: one database per service, migrated by its own history."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

ROLES = Path(__file__).parent / "roles.sql"
SERVICES = Path(__file__).parents[2] / "services"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database as its three roles see it."""

    url: str
    system_url: str
    owner_url: str

    @classmethod
    def on(cls, server_url: str, database: str) -> Self:
        """The addresses with the development passwords, which equal the roles' names."""
        return cls(*(_address(server_url, role, database) for role in _ROLES))


_ROLES = ("linli_request", "linli_system", "linli_owner")


def migrated_services() -> list[str]:
    """The services that have a database: those with a migrations folder."""
    return sorted(path.parent.name for path in SERVICES.glob("*/migrations") if any(path.glob("0*.py")))


def migrations_folder(service: str) -> Path:
    return SERVICES / service / "migrations"


async def create_roles(superuser_url: str) -> None:
    """Create linli_owner, linli_request and linli_system; safe to repeat."""
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(ROLES.read_text())
    finally:
        await connection.close()


async def create_databases(superuser_url: str, names: list[str]) -> list[str]:
    """Create what is missing, owned by linli_owner; returns the names that were created."""
    connection = await asyncpg.connect(superuser_url)
    try:
        present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        missing = [name for name in names if name not in present]
        for name in missing:
            await connection.execute(f'CREATE DATABASE "{name}" OWNER linli_owner')
    finally:
        await connection.close()
    return missing


async def clone_database(superuser_url: str, template: str, name: str) -> None:
    """Copy a database nobody is connected to."""
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER linli_owner STRATEGY file_copy'
        )
    finally:
        await connection.close()


async def drop_database(superuser_url: str, name: str) -> None:
    """Drop a database with whoever is connected to it."""
    connection = await asyncpg.connect(superuser_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def migrate(service: str, owner_url: str) -> bool:
    """Bring one database to its service's newest revision; False when it was there already."""
    from shared.database import migration

    folder = migrations_folder(service)
    if await _revision(owner_url) == migration.expected_revision(folder):
        return False
    await migration.upgrade(folder, owner_url)
    return True


async def _revision(owner_url: str) -> str | None:
    """The database's revision, asked without Alembic, whose import costs more than the question."""
    connection = await asyncpg.connect(owner_url)
    try:
        revision: str | None = await connection.fetchval("SELECT version_num FROM public.alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision


def blocking(work: Coroutine[Any, Any, Result]) -> Result:
    """Run the coroutine to its end in a thread of its own, so that a running event loop does not mind."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="blocking")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _address(server_url: str, role: str, database: str) -> str:
    parts = urlsplit(server_url)
    return urlunsplit((parts.scheme, f"{role}:{role}@{parts.hostname}:{parts.port}", f"/{database}", "", ""))
