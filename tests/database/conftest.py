"""A database of these tests' own: two tenants' notes behind row-level security, and a table for facts."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from deploy.embedded.databases import DatabaseUrls
from shared.contracts.event import Event
from shared.database.pool import Database
from shared.database.tenancy import tenant_policy
from shared.database.work import Connection, Works
from tests.fixtures.servers import Servers

TABLES = (
    "CREATE TABLE notes "
    "(id uuid PRIMARY KEY, community_id uuid NOT NULL, body text NOT NULL CHECK (body <> 'bad'))",
    *tenant_policy("notes"),
    "CREATE TABLE facts (id uuid PRIMARY KEY, community_id uuid NOT NULL)",
    *tenant_policy("facts"),
)


@dataclass
class FixedClock:
    """Business time that stands still."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 8, tzinfo=UTC))

    def now(self) -> datetime:
        return self.time


@pytest.fixture
async def superuser(servers: Servers) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(servers.superuser_url)
    yield connection
    await connection.close()


@pytest.fixture
async def addresses(empty_database: DatabaseUrls) -> DatabaseUrls:
    owner = await asyncpg.connect(empty_database.owner_url)
    for statement in TABLES:
        await owner.execute(statement)
    await owner.close()
    return empty_database


@pytest.fixture
async def database(addresses: DatabaseUrls) -> AsyncIterator[Database]:
    async with Database.open(addresses.url, addresses.system_url) as opened:
        yield opened


class Facts:
    """A sink that keeps little of a fact."""

    def add(self, rows: list[tuple[UUID, UUID]], event: Event[Any]) -> None:
        rows.append((event.id, event.community))

    async def write(self, connection: Connection, rows: Sequence[tuple[UUID, UUID]]) -> None:
        await connection.executemany("INSERT INTO facts (id, community_id) VALUES ($1, $2)", rows)


@pytest.fixture
def works(database: Database) -> Works:
    return Works(database, FixedClock(), Facts(), "/linli/tests")


@pytest.fixture
def community() -> UUID:
    return uuid4()
