"""What the clock costs when nothing is due, and that two processes share out what is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from deploy.embedded.databases import DatabaseUrls
from services.parking.domain.limits import LimitRule
from services.parking.domain.stays import GateRead, stay_id
from services.parking.store import limits, overstays, shown_stays, shown_violations, sightings, violations
from services.parking.usecases.escalate_violations import escalate_violations
from services.parking.usecases.judge_overstays import judge_overstays, recheck_cars
from services.parking.usecases.set_limits import define_rule
from shared.database.pool import Database
from shared.database.work import Works
from shared.identifiers import new_id
from shared.messaging import outbox
from shared.runtime.clock import SystemClock
from tests.fixtures.databases import Databases

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
COMPOUND, COMMUNITY = new_id(), new_id()

STAYS = """
INSERT INTO stays (id, community_id, compound_id, plate, state, first_device, first_read, begins_at,
                   entered_at, due_at, judge_at, version)
SELECT id, $1, $2, 'CAR' || n, 'open', $2, n, $3, $3, $4, $4, 1
FROM unnest($5::uuid[], $6::text[]) AS row (id, n)
"""
READS = """
INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                   captured_at, sent_at, received_at, at, clamped)
SELECT first_device, first_read, community_id, compound_id, 'entry', plate, plate, 'unknown', begins_at,
       begins_at, begins_at, begins_at, false FROM stays
"""


@pytest.fixture(scope="module")
def urls(module_databases: Databases) -> DatabaseUrls:
    return module_databases("parking")


@pytest.fixture
async def works(urls: DatabaseUrls) -> AsyncIterator[Works]:
    async with Database.open(urls.url, urls.system_url) as database:
        yield Works(database, SystemClock(), outbox, "/linli/parking")


async def buffers(owner: asyncpg.Connection, statement: str, *values: Any) -> int:
    rows = await owner.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *values)
    plan = orjson.loads(rows)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def park(
    owner: asyncpg.Connection, due_at: datetime, first: int, last: int, compound: UUID = COMPOUND
) -> None:
    entered = min(due_at, NOW) - timedelta(hours=1)
    reads = [GateRead(entered, outwards=False, device=COMPOUND, read=str(n)) for n in range(first, last + 1)]
    ids, names = [stay_id(read) for read in reads], [read.read for read in reads]
    await owner.execute(STAYS, COMMUNITY, compound, entered, due_at, ids, names)


async def test_an_idle_tick_reads_as_little_with_many_open_stays(works: Works, urls: DatabaseUrls) -> None:
    # The system's role: the owner sees no tenant's rows.
    owner = await asyncpg.connect(urls.system_url)
    await owner.execute(
        "INSERT INTO compounds (id, community_id, sequence) VALUES ($1, $2, 1)", COMPOUND, COMMUNITY
    )
    costs: list[int] = []
    for first, last in ((1, 1_000), (1_001, 30_000)):
        await park(owner, NOW + timedelta(days=1), first, last)
        costs.append(await buffers(owner, limits._PENDING))
        assert await judge_overstays(works) == 0
    await owner.close()
    assert max(costs) <= 10, costs


async def test_what_is_due_is_judged_once_by_several_at_a_time(works: Works, urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.system_url)
    await owner.execute("DELETE FROM stays")
    await owner.execute(
        """
        INSERT INTO compounds (id, community_id, sequence) VALUES ($1, $2, 1) ON CONFLICT DO NOTHING
        """,
        COMPOUND,
        COMMUNITY,
    )
    await owner.execute(
        """
        INSERT INTO limit_rules (compound_id, version, community_id, effective_from, free_minutes,
                                 households_exempt, passes_exempt, made_by, made_at)
        VALUES ($1, 1, $2, $3, 30, true, true, 'test', $3)
        """,
        COMPOUND,
        COMMUNITY,
        NOW - timedelta(days=1),
    )
    await park(owner, NOW - timedelta(minutes=30), 1, 1_200)
    await owner.execute(READS)

    async def drain() -> int:
        done = 0
        while found := await judge_overstays(works):
            done += found
        return done

    async with asyncio.timeout(20):
        await asyncio.gather(drain(), drain(), drain())
        while await drain():
            pass
    assert await owner.fetchval("SELECT count(*) FROM overstays") == 1_200
    assert await owner.fetchval("SELECT count(*) FROM outbox") == 1_200
    await owner.close()


async def test_a_rule_defined_again_and_again_waits_for_no_recheck_in_a_ring(
    works: Works, urls: DatabaseUrls
) -> None:
    compound = new_id()
    owner = await asyncpg.connect(urls.system_url)
    asked = "INSERT INTO compounds (id, community_id, sequence) VALUES ($1, $2, 1)"
    await owner.execute(asked, compound, COMMUNITY)
    await park(owner, NOW + timedelta(days=1), 2_001, 2_200, compound)

    async def define(rules: Sequence[int]) -> None:
        for minutes in rules:
            async with works.for_request("wang", COMMUNITY) as work:
                await define_rule(work, COMMUNITY, compound, LimitRule(0, NOW - timedelta(days=1), minutes))

    async def recheck() -> None:
        while not defined.done():
            await recheck_cars(works)

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        defined = group.create_task(define([*range(200, 220), 90]))
        group.create_task(recheck())
        group.create_task(recheck())
    async with asyncio.timeout(20):
        while await recheck_cars(works):
            pass
    stays = "SELECT count(*) FROM stays WHERE compound_id = $1 AND due_at = begins_at + interval '90 minutes'"
    assert await owner.fetchval(stays, compound) == 200
    await owner.close()


OPEN = """
INSERT INTO violations (id, community_id, compound_id, plate, kind, kind_version, steps, opened_at,
                        last_seen_at, step, stepped_at, next_at, version)
SELECT gen_random_uuid(), $1, $2, 'CAR' || n, 'fire-lane', 0, '[]', $3, $3, 0, $3, $4, 1
FROM generate_series($5::integer, $6::integer) n
"""


async def test_an_idle_tick_reads_as_little_with_many_open_violations(
    works: Works, urls: DatabaseUrls
) -> None:
    owner = await asyncpg.connect(urls.system_url)
    tables = await asyncpg.connect(urls.owner_url)
    costs: list[int] = []
    for first, last in ((1, 1_000), (1_001, 20_000)):
        await owner.execute(OPEN, COMMUNITY, COMPOUND, NOW, NOW + timedelta(hours=1), first, last)
        await tables.execute("ANALYZE violations")
        costs.append(await buffers(owner, violations.CLAIM_DUE, NOW, 200))
        assert await escalate_violations(works) == 0
    await tables.close()
    await owner.close()
    assert max(costs) <= 10, costs


MANY_READS = """
INSERT INTO reads (device_id, id, community_id, compound_id, role, plate_given, plate, plate_kind,
                   captured_at, sent_at, received_at, at, clamped)
SELECT $1, n, $2, $1, CASE n % 2 WHEN 0 THEN 'exit' ELSE 'entry' END, 'CAR1', 'CAR1', 'unknown', at, at, at,
       at, false FROM generate_series(1, 4000) n,
       LATERAL (SELECT $3::timestamptz + n * interval '1 minute') AS moment (at)
"""


MANY_PASSES = """
INSERT INTO passes (id, community_id, compound_id, plate, contact, valid_from, valid_until, made_by, version)
SELECT gen_random_uuid(), $2, $1, 'CAR1', 'host', day, day + interval '8 hours', 'test', 1
FROM generate_series(1, 3000) n, LATERAL (SELECT $3::timestamptz + n * interval '1 day' AS day) AS days
"""


async def test_one_plate_or_one_compound_is_looked_up_among_many(urls: DatabaseUrls) -> None:
    """What is asked for is read, whatever else there is."""
    compound = new_id()
    owner, tables = await asyncpg.connect(urls.system_url), await asyncpg.connect(urls.owner_url)
    known = "INSERT INTO compounds (id, community_id, sequence) VALUES ($1, $2, 1)"
    await owner.execute(known, compound, COMMUNITY)
    await park(owner, NOW + timedelta(days=1), 50_001, 54_000, compound)
    await owner.execute(
        """
        INSERT INTO overstays (stay_id, threshold, community_id, compound_id, plate, due_at, provisional,
                               raised_at)
        SELECT id, 1, community_id, compound_id, plate, due_at, false, begins_at FROM stays
        WHERE compound_id = $1
        """,
        compound,
    )
    await owner.execute(OPEN, COMMUNITY, compound, NOW, NOW + timedelta(hours=1), 50_001, 54_000)
    await owner.execute(MANY_READS, compound, COMMUNITY, NOW - timedelta(days=3))
    await owner.execute(MANY_PASSES, compound, COMMUNITY, NOW - timedelta(days=4000))
    for table in ("stays", "overstays", "violations", "reads", "passes"):
        await tables.execute(f"ANALYZE {table}")
    before: tuple[None, None, int] = (None, None, 101)
    costs = {
        "stays": await buffers(owner, shown_stays._OF_PLATE, COMMUNITY, None, "CAR50007", None, *before),
        "violations": await buffers(
            owner, shown_violations._OF_PLATE, COMMUNITY, None, None, None, "CAR50007", None, *before
        ),
        "overstays": await buffers(owner, overstays._OF_COMPOUND, COMMUNITY, new_id(), None, *before),
        "last exit": await buffers(owner, sightings._GONE, [compound], ["CAR1"]),
        "passes": await buffers(owner, limits._COVERS, [compound], ["CAR1"], [COMMUNITY], [NOW]),
    }
    await tables.close()
    await owner.close()
    assert max(costs.values()) <= 40, costs
