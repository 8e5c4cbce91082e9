"""An operator's commands beside a running service: a broken record is listed, put back, or given up."""

import asyncio
import time
from uuid import UUID

import asyncpg
import pytest
from confluent_kafka import Producer

from services.parking.app import SERVICE
from shared.errors import NotFound
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.redeliver import Redelivered
from shared.messaging.settings import KafkaSettings
from shared.runtime import mending
from shared.runtime.running import running
from shared.runtime.settings import ServiceSettings
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import household_ended, household_registered

pytestmark = pytest.mark.anyio


def publish_broken_then_good(kafka: KafkaSettings, household: UUID) -> None:
    """A record with broken JSON, and behind it under the same key a good one."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    broken, good = to_record(household_registered(household, 1)), to_record(household_ended(household, 2))
    for record, value in ((broken, b"{"), (good, good.value)):
        headers: list[tuple[str, str | bytes]] = list(record.headers.items())
        producer.produce(kafka.topic_prefix + record.topic, value, record.key, headers=headers)
    assert producer.flush(10) == 0


async def until(settings: ServiceSettings, query: str, expected: int) -> None:
    connection = await asyncpg.connect(settings.database_system_url)
    deadline = time.monotonic() + 30
    while (found := await connection.fetchval(query)) != expected:
        assert time.monotonic() < deadline, f"{query} gives {found}"
        await asyncio.sleep(0.1)
    await connection.close()


async def test_a_broken_record_is_listed_stays_dead_and_is_given_up(
    service_settings: MakeSettings, kafka_settings: KafkaSettings
) -> None:
    settings, household = service_settings("parking"), new_id()
    assert await mending.tell_dead_letters(SERVICE, settings, 10) == ["0 dead letters"]
    async with running(SERVICE, settings):
        await asyncio.to_thread(publish_broken_then_good, kafka_settings, household)
        await until(settings, "SELECT count(*) FROM parked_events", 1)
        listed = await mending.tell_dead_letters(SERVICE, settings, 10)
        assert "linli.issues.household-registered.v1 (1 parked behind it)" in listed[0]
        assert listed[-1] == "1 dead letters"
        letter = UUID(listed[0].split()[0])
        assert await mending.redeliver(SERVICE, settings, None) == Redelivered(done=0, dead=1)
        with pytest.raises(NotFound):
            await mending.redeliver(SERVICE, settings, new_id())
        assert await mending.discard(SERVICE, settings, letter) == Redelivered(done=1, dead=0)
        await until(settings, f"SELECT count(*) FROM households WHERE id = '{household}' AND ended", 1)
        assert await mending.tell_dead_letters(SERVICE, settings, 10) == ["0 dead letters"]
