"""What the clock costs while nothing is due, and how soon ten thousand stays that fall due are on the bus.

The tick is `judge_overstays` itself, with its transaction, at a thousand and at a million open stays; its
buffers are those of the one query it makes. Run by itself: `python -m tests.benchmarks.due`.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import orjson
import uvloop
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.embedded.databases import DatabaseUrls, create_databases, create_roles, drop_database, migrate
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from services.parking.store import limits
from services.parking.usecases.judge_overstays import judge_overstays
from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox
from shared.runtime.clock import SystemClock
from tests.benchmarks.gates import COMPOUNDS, FREE_MINUTES, Town, found_town

FEW, MANY = 1_000, 1_000_000
TICKS = 200
DUE = 10_000
PARTITIONS = 6
CACHE = Path(__file__).parents[2] / ".linli" / "cache"
OVERSTAYED = b"linli.parking.vehicle-overstayed.v1"

# As folded from entries: due so many seconds after $4, spread over the compounds and over `$5` seconds.
_PARK = """
INSERT INTO stays (id, community_id, compound_id, plate, state, first_device, first_read, begins_at,
                   entered_at, due_at, judge_at, version)
SELECT gen_random_uuid(), $1, ($2::uuid[])[n % cardinality($2::uuid[]) + 1], '浙B' || lpad(n::text, 5, '0'),
       'open', $1, n::text, entered, entered, entered + $3::interval, entered + $3::interval, 1
FROM generate_series($6::int, $7::int) AS n,
     LATERAL (SELECT $4::timestamptz - $3::interval + $5 * (n::float / $7) * interval '1 second' AS entered)
"""


@dataclass(frozen=True)
class Result:
    """Ticks in milliseconds and buffers at few and at many open stays; seconds until all were on the bus."""

    few_ms: float
    many_ms: float
    few_buffers: int
    many_buffers: int
    seconds: float

    @property
    def ratio(self) -> float:
        return self.many_ms / self.few_ms


def run(superuser_url: str, bootstrap_servers: str) -> Result:
    """Measure on these servers, in databases and a topic of its own."""
    few, many = uvloop.run(_ticks(superuser_url))
    seconds = uvloop.run(_storm(superuser_url, bootstrap_servers))
    return Result(few[0], many[0], few[1], many[1], seconds)


async def _database(superuser_url: str, compounds: int) -> tuple[DatabaseUrls, Town]:
    name = f"bench_due_{uuid.uuid4().hex[:8]}"
    await create_roles(superuser_url)
    await create_databases(superuser_url, [name])
    urls = DatabaseUrls.on(superuser_url, name)
    await migrate("parking", urls.owner_url)
    return urls, await found_town(urls, compounds)


async def _park(
    connection: asyncpg.Connection, town: Town, due_at: datetime, *, within: float, first: int, last: int
) -> None:
    free = timedelta(minutes=FREE_MINUTES)
    await connection.execute(_PARK, town.community, town.compounds, free, due_at, within, first, last)


async def _ticks(superuser_url: str) -> tuple[tuple[float, int], tuple[float, int]]:
    """Give the median of many ticks in milliseconds and the buffers, beside few and beside many, in turns."""
    async with AsyncExitStack() as stack:
        few = await stack.enter_async_context(_parked(superuser_url, FEW))
        many = await stack.enter_async_context(_parked(superuser_url, MANY))
        for _ in range(20):  # statements are prepared
            await _tick(few.works)
            await _tick(many.works)
        times = [(await _tick(few.works), await _tick(many.works)) for _ in range(TICKS)]
        few_ms, many_ms = map(statistics.median, zip(*times, strict=True))
        return (few_ms, await _buffers(few.system)), (many_ms, await _buffers(many.system))


@dataclass(frozen=True)
class _Lot:
    """A database of open stays."""

    works: Works
    system: asyncpg.Connection


@asynccontextmanager
async def _parked(superuser_url: str, stays: int) -> AsyncIterator[_Lot]:
    """Let so many cars stand in one compound until tomorrow: the buffers are then those of one probe."""
    urls, town = await _database(superuser_url, 1)
    name = urls.url.rsplit("/", 1)[1]
    system = await asyncpg.connect(urls.system_url)
    superuser = await asyncpg.connect(f"{superuser_url.rsplit('/', 1)[0]}/{name}")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    async with Database.open(urls.url, urls.system_url) as database:
        await _park(system, town, tomorrow, within=3600, first=1, last=stays)
        await superuser.execute("VACUUM ANALYZE")
        await superuser.execute("CHECKPOINT")
        yield _Lot(Works(database, SystemClock(), outbox, "/linli/parking"), system)
    await superuser.close()
    await system.close()
    await drop_database(superuser_url, name)


async def _tick(works: Works) -> float:
    began = time.perf_counter()
    if await judge_overstays(works):
        raise RuntimeError("something was due")
    return 1000 * (time.perf_counter() - began)


async def _buffers(system: asyncpg.Connection) -> int:
    plan = await system.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {limits._PENDING}")
    top = orjson.loads(plan)[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


async def _storm(superuser_url: str, bootstrap_servers: str) -> float:
    """Give the seconds from when the first stay falls due until every overstay is on the bus."""
    urls, town = await _database(superuser_url, COMPOUNDS)
    prefix = urls.url.rsplit("/", 1)[1] + "."
    topic = f"{prefix}linli.parking"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
    system = await asyncpg.connect(urls.system_url)
    # Without gates business time judges: the stays fall due by the clock alone.
    await system.execute("UPDATE devices SET retired_at = now()")
    with _serving(urls, bootstrap_servers, prefix):
        await asyncio.sleep(3)
        due_at = datetime.now(UTC) + timedelta(seconds=4)
        await _park(system, town, due_at, within=1, first=1, last=DUE)
        last = await asyncio.to_thread(_last_of, bootstrap_servers, topic)
    await system.close()
    admin.delete_topics([topic])[topic].result()
    await drop_database(superuser_url, urls.url.rsplit("/", 1)[1])
    return last - due_at.timestamp()


def _last_of(bootstrap_servers: str, topic: str) -> float:
    """Wait for all overstays and give the wall time at which the last one was read from the bus."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": topic, "log_level": 0})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    told: set[bytes] = set()
    deadline = time.monotonic() + 60
    while len(told) < DUE:
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {len(told)} overstays came within a minute")
        for record in consumer.consume(1000, 0.05):
            head, key = dict(record.headers() or []), record.key()
            if head.get("ce_type") == OVERSTAYED and key is not None:
                told.add(key)
    consumer.close()
    return time.time()


@contextmanager
def _serving(urls: DatabaseUrls, bootstrap_servers: str, prefix: str) -> Iterator[None]:
    environment = os.environ | {
        "DATABASE_URL": urls.url,
        "DATABASE_SYSTEM_URL": urls.system_url,
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
        "KAFKA_TOPIC_PREFIX": prefix,
        "OIDC_ISSUER": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-m", "services.parking", "serve", "--only", "schedule,relay"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(15)


def main() -> None:
    """Start the two servers, measure, and print the result."""
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres, kafka = Postgres(folder / "postgres"), Kafka(folder / "kafka", CACHE)
        try:
            postgres.start()
            kafka.start()
            result = run(postgres.url(), kafka.bootstrap_servers)
        finally:
            kafka.kill()
            postgres.kill()
    for line in lines(result):
        print(line)  # noqa: T201


def lines(result: Result) -> list[str]:
    """Say the result."""
    return [
        f"idle tick at {FEW:>9,} open {result.few_ms:8.3f} ms, {result.few_buffers} buffers",
        f"idle tick at {MANY:>9,} open {result.many_ms:8.3f} ms, {result.many_buffers} buffers  (goal: 10)",
        f"ratio                      {result.ratio:8.2f}x  (goal: at most 1.2x)",
        f"{DUE:,} due in one second, all on the bus after {result.seconds:.2f} s  (goal: 5 s)"
        f"  in {COMPOUNDS} compounds",
    ]


if __name__ == "__main__":
    main()
