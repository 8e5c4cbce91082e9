"""A database of these tests' own: two tenants' notes behind row-level security, and a table for facts."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

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


@dataclass(frozen=True)
class Addresses:
    owner: str
    request: str
    system: str


@pytest.fixture
async def superuser(servers: Servers) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(servers.postgres.dsn("postgres"))
    yield connection
    await connection.close()


@pytest.fixture
async def addresses(
    servers: Servers, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> AsyncIterator[Addresses]:
    name = f"database_tests_{uuid4().hex}"
    await superuser.execute(f"CREATE DATABASE {name} OWNER linli_owner")
    roles = ("linli_owner", "linli_request", "linli_system")
    made = Addresses(*(servers.postgres.dsn(name, role) for role in roles))
    owner = await asyncpg.connect(made.owner)
    for statement in TABLES:
        await owner.execute(statement)
    await owner.close()
    yield made
    await superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(addresses: Addresses) -> AsyncIterator[Database]:
    async with Database.open(addresses.request, addresses.system) as opened:
        yield opened


async def write_facts(connection: Connection, events: Sequence[Event[Any]]) -> None:
    await connection.executemany(
        "INSERT INTO facts (id, community_id) VALUES ($1, $2)",
        [(event.id, event.community) for event in events],
    )


@pytest.fixture
def works(database: Database) -> Works:
    return Works(database, FixedClock(), write_facts, "/linli/tests")


@pytest.fixture
def community() -> UUID:
    return uuid4()
