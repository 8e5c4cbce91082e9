"""A database that is behind its code, at the start or for a moment: events wait, none is taken for broken."""

import asyncio

import asyncpg
import pytest
from confluent_kafka import Producer
from prometheus_client import REGISTRY

from services.parking.app import SERVICE
from shared.contracts import Event, Fact
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.running import running
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import household_registered

pytestmark = pytest.mark.anyio

BACK = "ALTER TABLE households RENAME TO households_of_a_later_revision"
FORWARD = "ALTER TABLE households_of_a_later_revision RENAME TO households"


def publish(kafka: KafkaSettings, event: Event[Fact]) -> None:
    producer, record = (
        Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0}),
        to_record(event),
    )
    headers: list[tuple[str, str | bytes]] = list(record.headers.items())
    producer.produce(kafka.topic_prefix + record.topic, record.value, record.key, headers=headers)
    assert producer.flush(10) == 0


async def until(connection: asyncpg.Connection, households: int) -> None:
    async with asyncio.timeout(30):
        while await connection.fetchval("SELECT count(*) FROM households") != households:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def refusals() -> float:
    labels = {"error": "UndefinedTableError"}
    return REGISTRY.get_sample_value("linli_consumer_failures_total", labels) or 0.0


async def test_events_wait_for_the_migration(
    service_settings: MakeSettings, kafka_settings: KafkaSettings
) -> None:
    settings = service_settings("parking")
    owner_url = settings.database_system_url.replace("linli_system", "linli_owner")
    owner, reader = await asyncpg.connect(owner_url), await asyncpg.connect(settings.database_system_url)
    newest = await owner.fetchval("SELECT version_num FROM alembic_version")
    await owner.execute(f"UPDATE alembic_version SET version_num = '0001'; {BACK}")
    await asyncio.to_thread(publish, kafka_settings, household_registered(new_id()))
    before = refusals()
    async with running(SERVICE, settings):
        # Whoever starts ahead of the migration asks for nothing yet: no member of the group, no failure.
        await asyncio.sleep(1)
        assert refusals() == before
        await owner.execute(f"{FORWARD}; UPDATE alembic_version SET version_num = '{newest}'")
        await until(reader, 1)
        await owner.execute(BACK)
        await asyncio.to_thread(publish, kafka_settings, household_registered(new_id()))
        async with asyncio.timeout(30):
            while refusals() == before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await owner.execute(FORWARD)
        await until(reader, 2)
        assert await reader.fetchval("SELECT count(*) FROM dead_letters") == 0
    await owner.close()
    await reader.close()
