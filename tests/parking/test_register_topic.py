"""Parking on the register's real topic: what is told there decides who may register a vehicle."""

import asyncio

import pytest
from confluent_kafka import Producer

from shared.contracts import Event, Fact
from shared.identifiers import new_id
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.runtime.running import EVERYTHING
from tests.fixtures.identity import Issuer
from tests.fixtures.services import MakeSettings
from tests.parking.conftest import Parking, household_ended, household_registered, parking_at_work

pytestmark = pytest.mark.anyio


def publish(kafka: KafkaSettings, *events: Event[Fact]) -> None:
    """Sends events as the service in charge of the register does, by another library."""
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    for record in map(to_record, events):
        headers: list[tuple[str, str | bytes]] = list(record.headers.items())
        producer.produce(kafka.topic_prefix + record.topic, record.value, record.key, headers=headers)
    assert producer.flush(10) == 0


async def until_answered(parking: Parking, household: str, plate: str, status: int) -> None:
    """Asks until the projection has caught up."""
    async with parking.client() as client, asyncio.timeout(30):
        while True:
            answer = await client.post("/vehicles", json={"household": household, "plate": plate})
            if answer.status_code == status:
                return
            await asyncio.sleep(0.1)


async def test_the_register_decides_who_may_register(
    service_settings: MakeSettings, issuer: Issuer, kafka_settings: KafkaSettings
) -> None:
    household = new_id()
    async with parking_at_work(service_settings, issuer, *EVERYTHING) as parking:
        await asyncio.to_thread(publish, kafka_settings, household_registered(household, 1))
        await until_answered(parking, str(household), "浙L10001", 201)
        again = household_registered(household, 1)
        await asyncio.to_thread(publish, kafka_settings, household_ended(household, 2), again)
        await until_answered(parking, str(household), "浙L10002", 409)
