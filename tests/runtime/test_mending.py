"""An operator's commands beside a running service: a broken record is listed, put back, or given up."""

import subprocess
import sys
import time
from uuid import UUID

import asyncpg
import pytest
from confluent_kafka import Producer

from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.settings import ServiceSettings
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import household_ended, household_registered
from tests.runtime.processes import environment_of, started

pytestmark = pytest.mark.anyio


def command(settings: ServiceSettings, *arguments: str) -> str:
    """What one of parking's commands prints."""
    done = subprocess.run(
        [sys.executable, "-m", "services.parking", *arguments],
        env=environment_of(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


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
        time.sleep(0.1)  # noqa: ASYNC251  nothing else runs here
    await connection.close()


async def test_a_broken_record_is_listed_stays_dead_and_is_given_up(
    service_settings: MakeSettings, kafka_settings: KafkaSettings
) -> None:
    settings, household = service_settings("parking"), new_id()
    assert command(settings, "dead-letters") == "0 dead letters\n"
    with started("services.parking", settings) as process:
        process.until("listening")
        publish_broken_then_good(kafka_settings, household)
        await until(settings, "SELECT count(*) FROM parked_events", 1)
        listed = command(settings, "dead-letters")
        letter = listed.split()[0]
        assert "linli.issues.household-registered.v1 (1 parked behind it)" in listed
        assert listed.endswith("1 dead letters\n")
        assert command(settings, "redeliver").endswith("0 put back, 1 dead still\n")
        assert "no such dead letter" in command(settings, "redeliver", str(new_id()))
        assert command(settings, "redeliver", "--discard", letter).endswith("1 put back, 0 dead still\n")
        await until(settings, f"SELECT count(*) FROM households WHERE id = '{household}' AND ended", 1)
        assert command(settings, "dead-letters") == "0 dead letters\n"


async def test_giving_up_needs_a_name(service_settings: MakeSettings) -> None:
    assert "name the letter" in command(service_settings("parking"), "redeliver", "--discard")
