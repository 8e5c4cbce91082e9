"""The identity reads the register's topic from its start, and goes on as it grows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from deploy.simulators.identity.grants import DEVELOPMENT_GRANTS
from deploy.simulators.identity.register import Register
from deploy.simulators.identity.running import follow_register, run_identity
from shared.contracts.event import Event
from shared.contracts.fact import Fact
from shared.contracts.issues.register import RoleGranted, RoleRevoked
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from shared.security.tokens import TokenVerifier
from tests.simulators.conftest import HTTP, free_port
from tests.simulators.test_register import COMMUNITY, COMPOUND, GRANT, event, places

pytestmark = pytest.mark.anyio

GRANTED = event(RoleGranted(grant=GRANT, person="anna", role="guard", place=COMPOUND))
REVOKED = event(RoleRevoked(grant=GRANT, person="anna", role="guard", place=COMPOUND), 2)


def produce(kafka: KafkaSettings, *events: Event[Fact]) -> None:
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    for one in events:
        record = to_record(one)
        topic = kafka.topic_prefix + record.topic
        producer.produce(topic, record.value, record.key, headers=list(record.headers.items()))
    assert producer.flush(20) == 0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the fold has nothing to wait for but the clock
            await asyncio.sleep(0.02)


@pytest.fixture
async def register(kafka_settings: KafkaSettings) -> AsyncIterator[Register]:
    produce(kafka_settings, *places(), GRANTED)
    folded = Register()
    following = asyncio.create_task(follow_register(kafka_settings, folded))
    yield folded
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_what_was_there_and_what_comes_later(register: Register, kafka_settings: KafkaSettings) -> None:
    await until(lambda: register.roles_of("anna") == {COMMUNITY: {"guard"}})
    produce(kafka_settings, REVOKED, GRANTED)
    await until(lambda: register.roles_of("anna") == {})


async def test_a_record_that_is_no_event_is_passed_over(
    register: Register, kafka_settings: KafkaSettings
) -> None:
    producer = Producer({"bootstrap.servers": kafka_settings.bootstrap_servers})
    for value in (b"{", None):
        producer.produce(f"{kafka_settings.topic_prefix}linli.register", value, b"poison")
    assert producer.flush(20) == 0
    produce(kafka_settings, REVOKED)
    await until(lambda: bool(list(register.communities())) and register.roles_of("anna") == {})


async def test_a_token_from_the_running_identity_is_what_services_accept(
    kafka_settings: KafkaSettings, tmp_path: Path
) -> None:
    produce(kafka_settings, *places(), GRANTED)
    port = free_port()
    serving = asyncio.create_task(
        run_identity(port, tmp_path, DEVELOPMENT_GRANTS, kafka_settings, signals=False)
    )
    url = f"http://127.0.0.1:{port}"
    verifier = TokenVerifier(url, "linli")

    def token() -> str:
        return str(HTTP.post(f"{url}/token", json={"person": "anna"}).json()["access_token"])

    try:
        async with asyncio.timeout(20):
            await asyncio.sleep(0.2)
            while not (actor := await verifier.verify(await asyncio.to_thread(token))).roles:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert {str(role) for role in actor.roles[COMMUNITY]} == {"guard"}
        await asyncio.to_thread(HTTP.post, f"{url}/keys/rotate")
        assert (await verifier.verify(await asyncio.to_thread(token))).person == "anna"
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
