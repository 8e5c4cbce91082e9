"""The relay against one row per send and acknowledgement; both read the same outbox and delete what is sent.

The rival is measured twice: as one plainly writes it, and with what the relay owes to a setting alone, that
no DELETE waits for the disk (losing one costs a repeat, which readers drop). The goal is for the first.

Run by itself: `python -m tests.benchmarks.relay`.
"""

import asyncio
import statistics
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import asyncpg
import uvloop
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.embedded.databases import DatabaseUrls, clone_database, create_roles, drop_database
from deploy.embedded.kafka import Kafka
from deploy.embedded.postgres import Postgres
from shared.contracts import Event, IssueReported
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.outbox import write_records
from shared.messaging.producer import drop_producer, open_producer
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from shared.messaging.tables import HEADERS_AS_THEY_TRAVEL, MESSAGING_TABLES, RECORDS_AS_THEY_TRAVEL
from shared.messaging.wire import unpack_records
from shared.runtime import collector

ROUNDS = 5
ROWS = 40_000
ROWS_ONE_BY_ONE = 1_000
PARTITIONS = 6
CACHE = Path(__file__).parents[2] / ".linli" / "cache"


@dataclass(frozen=True)
class Result:
    """Rows per second, each round's; a row is about 900 bytes with its headers."""

    relay: tuple[float, ...]
    one_by_one: tuple[float, ...]
    not_waiting: tuple[float, ...]

    def ratio(self, rival: tuple[float, ...]) -> float:
        """How many times as many the relay sends."""
        return statistics.median(self.relay) / statistics.median(rival)


def run(superuser_url: str, bootstrap_servers: str) -> Result:
    """Measure in interleaved rounds on these servers, in a database and a topic of its own."""
    return uvloop.run(_measure(superuser_url, bootstrap_servers))


async def _measure(superuser_url: str, bootstrap_servers: str) -> Result:
    name = f"bench_relay_{uuid.uuid4().hex[:8]}"
    kafka = KafkaSettings(bootstrap_servers=bootstrap_servers, topic_prefix=f"{name}.")
    async with _database(superuser_url, name) as urls, _topic(kafka):
        relay: list[float] = []
        one_by_one: list[float] = []
        not_waiting: list[float] = []
        collector.settle()  # as in a process that serves
        for _ in range(ROUNDS):
            for rates, commit in ((one_by_one, "on"), (not_waiting, "off")):
                await _settle(superuser_url)
                rates.append(ROWS_ONE_BY_ONE / await _send_one_by_one(urls, kafka, commit))
            await _settle(superuser_url)
            relay.append(ROWS / await _send_by_relay(urls, kafka))
    return Result(tuple(relay), tuple(one_by_one), tuple(not_waiting))


async def _settle(superuser_url: str) -> None:
    """Let the server write out what the round before left, so that no round pays for another."""
    superuser = await asyncpg.connect(superuser_url)
    await superuser.execute("CHECKPOINT")
    await superuser.close()


@asynccontextmanager
async def _database(superuser_url: str, name: str) -> AsyncIterator[DatabaseUrls]:
    await create_roles(superuser_url)
    await clone_database(superuser_url, "template1", name)
    urls = DatabaseUrls.on(superuser_url, name)
    owner = await asyncpg.connect(urls.owner_url)
    for statement in (*MESSAGING_TABLES, *HEADERS_AS_THEY_TRAVEL, *RECORDS_AS_THEY_TRAVEL):
        await owner.execute(statement)
    await owner.close()
    yield urls
    await drop_database(superuser_url, name)


@asynccontextmanager
async def _topic(kafka: KafkaSettings) -> AsyncIterator[None]:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    topic = f"{kafka.topic_prefix}linli.issues"
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
    yield
    admin.delete_topics([topic])[topic].result()


@asynccontextmanager
async def _rows(urls: DatabaseUrls, rows: int) -> AsyncIterator[asyncpg.Connection]:
    """Write them in one transaction, to be there at once at the block's end; stays connected."""
    connection = await asyncpg.connect(urls.system_url)
    async with connection.transaction():
        for _ in range(rows // 1000):
            await write_records(connection, [to_record(_event()) for _ in range(1000)])
        yield connection


def _event() -> Event[IssueReported]:
    now = datetime.now(UTC)
    fact = IssueReported(
        case=new_id(),
        category="blocked-fire-lane",
        place=new_id(),
        priority="ordinary",
        state="reported",
        reporter=f"person-{uuid.uuid4()}",
        reported_at=now,
    )
    trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    return Event(new_id(), "/linli/issues", now, new_id(), 1, fact, traceparent=trace)


async def _send_by_relay(urls: DatabaseUrls, kafka: KafkaSettings) -> float:
    relay = Relay(urls.system_url, kafka)
    task = asyncio.create_task(relay.run())
    await asyncio.sleep(1)  # by now it leads and its producer is connected
    async with _rows(urls, ROWS) as connection:
        pass
    last = await connection.fetchval("SELECT max(id) FROM outbox")
    began = perf_counter()
    relay.wake()
    # Asking for any row at all walks over all that are deleted already, at the cost of the relay's own
    # server; so the newest are asked for first.
    for since in (last - 500, 0):
        while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox WHERE id > $1)", since):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    took = perf_counter() - began
    await connection.close()
    task.cancel()
    await asyncio.wait({task})
    return took


async def _send_one_by_one(urls: DatabaseUrls, kafka: KafkaSettings, synchronous_commit: str) -> float:
    """As one plainly writes it, with the same producer; rows are read 500 at a time, to be kind."""
    producer = await open_producer(kafka)
    await producer.partitions_for(f"{kafka.topic_prefix}linli.issues")
    async with _rows(urls, ROWS_ONE_BY_ONE) as connection:
        pass
    await connection.execute(f"SET synchronous_commit = {synchronous_commit}")
    began = perf_counter()
    while rows := await connection.fetch("SELECT * FROM outbox ORDER BY id LIMIT 500"):
        for row in rows:
            ((headers, value),) = unpack_records(row["records"])
            pairs = [(name, text.encode()) for name, text in headers.items()]
            await producer.send_and_wait(kafka.topic_prefix + row["topic"], value, row["key"], headers=pairs)
            await connection.execute("DELETE FROM outbox WHERE id = $1", row["id"])
    took = perf_counter() - began
    await connection.close()
    await drop_producer(producer)
    return took


def main() -> None:
    """Start the two servers, measure, and print the medians."""
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
    for label, rates in (
        ("relay", result.relay),
        ("one by one", result.one_by_one),
        ("not waiting", result.not_waiting),
    ):
        each = " ".join(f"{rate:,.0f}" for rate in rates)
        print(f"{label:<12} {statistics.median(rates):>10,.0f} rows/s   ({each})")  # noqa: T201
    print(f"one by one   {result.ratio(result.one_by_one):>10.1f}x  (goal: 50x)")  # noqa: T201
    print(f"not waiting  {result.ratio(result.not_waiting):>10.1f}x")  # noqa: T201


if __name__ == "__main__":
    main()
