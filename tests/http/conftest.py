"""The notes application over the run's PostgreSQL, reached in process or through a socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from deploy.embedded.databases import DatabaseUrls
from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox
from shared.security.tokens import TokenVerifier
from tests.fixtures.identity import Issuer
from tests.http.notes import TABLES, build


@dataclass
class FixedClock:
    """Business time that stands still."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, 8, tzinfo=UTC))

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Person:
    """Somebody with a token, in one community."""

    name: str
    headers: dict[str, str]


@pytest.fixture(scope="module")
async def tables(module_database: DatabaseUrls) -> DatabaseUrls:
    owner = await asyncpg.connect(module_database.owner_url)
    for statement in TABLES:
        await owner.execute(statement)
    await owner.close()
    return module_database


@pytest.fixture
async def works(tables: DatabaseUrls) -> AsyncIterator[Works]:
    async with Database.open(tables.url, tables.system_url) as database:
        yield Works(database, FixedClock(), outbox, "/linli/notes")


@pytest.fixture
def app(works: Works, issuer: Issuer) -> FastAPI:
    return build(works, TokenVerifier(issuer.url, "linli"))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notes") as opened:
        yield opened


@pytest.fixture
def community() -> UUID:
    return uuid4()


@pytest.fixture
def resident(issuer: Issuer, community: UUID) -> Person:
    return Person("wang", issuer.headers("wang", {community: ["resident"]}))


@pytest.fixture
async def system(tables: DatabaseUrls) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Sees all communities, to look at what was stored."""
    connection = await asyncpg.connect(tables.system_url)
    yield connection
    await connection.close()
