"""Makes many cases in a database at once, for benchmarks of what is done with them."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from services.issues.domain.categories import Category, Priority
from services.issues.domain.dispatch import Target
from services.issues.domain.places import Kind, new_community
from services.issues.store.places import insert_places
from services.issues.store.routing import insert_routing, put_category
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.runtime.clock import SystemClock

WEST, SOUTH, DEGREES = 122.0, 30.0, 0.2
CATEGORIES = 30

# Spread over a city and two years; one in `open_every` is open and due later than the others were reported.
_MAKE = """
INSERT INTO cases (id, community_id, category, latitude, longitude, priority, state, reporter, description,
                   reported_at, due_at, escalates_at, assignee_role, assignee_place, version)
SELECT gen_random_uuid(), $1, 'category-' || n % 30, $2 + $4 * random(), $3 + $4 * random(), 'ordinary',
       CASE WHEN n % $7 = 0 THEN 'assigned' ELSE 'closed' END, 'person-' || n % 5000,
       'The lane beside block ' || n || ' has been blocked by a van since this morning.',
       $5::timestamptz - random() * interval '730 days', due, due, 'guard', $1, 2
FROM (SELECT n, $5::timestamptz + random() * interval '30 days' AS due
      FROM generate_series(1, $6::int) AS n) AS made
"""


@dataclass(frozen=True)
class City:
    """A database with one community."""

    urls: DatabaseUrls
    superuser_url: str
    community: uuid.UUID

    async def fill(self, many: int, *, open_every: int, now: datetime) -> None:
        """Make so many cases, and let the server know how they are spread."""
        await self.make(many, open_every=open_every, now=now)
        connection = await asyncpg.connect(self.superuser_url)
        try:
            await connection.execute("VACUUM (ANALYZE) cases")
        finally:
            await connection.close()

    async def make(self, many: int, *, open_every: int, now: datetime) -> None:
        """Make so many cases, the open ones due within the 30 days after `now`."""
        connection = await asyncpg.connect(self.superuser_url)
        try:
            values = (self.community, SOUTH, WEST, DEGREES, now, many, open_every)
            await connection.execute(_MAKE, *values, timeout=600)
        finally:
            await connection.close()


@asynccontextmanager
async def city(superuser_url: str) -> AsyncIterator[City]:
    """Give a new database with one community and its categories."""
    name = f"bench_cases_{uuid.uuid4().hex[:8]}"
    await create_roles(superuser_url)
    await create_databases(superuser_url, [name])
    urls = DatabaseUrls.on(superuser_url, name)
    await migrate("issues", urls.owner_url)
    community = new_community(new_id(), "bench", "Bench", "Asia/Shanghai")
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, SystemClock(), outbox, "/linli/issues")
        async with works.for_system("bench") as work:
            await insert_places(work.connection, [community])
            operators = Target(role="operator", level=Kind.community)
            await insert_routing(work.connection, community.id, operators)
            for n in range(CATEGORIES):
                kind = Category(f"category-{n}", "local", "1", "1", "类", "Kind", Priority.ordinary, 60)
                await put_category(work.connection, community.id, kind)
    yield City(urls, superuser_url.rsplit("/", 1)[0] + f"/{name}", community.id)
    await drop_database(superuser_url, name)
