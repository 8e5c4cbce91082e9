"""Servers that go away and come back: nothing is lost or restarted, and everybody resumes by himself."""

import asyncio
from collections import Counter
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from deploy.embedded.databases import DatabaseUrls, blocking, clone_database
from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox, publishing
from shared.messaging.relay import Relay
from tests.fixtures.pair import ServerPair
from tests.messaging.conftest import FixedClock, TopicReader, create_tables
from tests.messaging.consuming import Service
from tests.messaging.events import reported
from tests.messaging.running import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

AWAY_SECONDS = 10


@pytest.fixture
async def urls(server_pair: ServerPair) -> DatabaseUrls:
    server = await asyncio.to_thread(server_pair.postgres.url)
    await asyncio.to_thread(blocking, clone_database(server, "template1", "outage"))
    urls = DatabaseUrls.on(server, "outage")
    await create_tables(urls)
    return urls


async def test_broker_and_database_away_are_waited_for(
    server_pair: ServerPair, urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "LATE_SECONDS", 1.0)
    kafka = await asyncio.to_thread(server_pair.kafka_settings)
    async with Database.open(urls.url, urls.system_url) as database:
        works = Works(database, FixedClock(), outbox, "/linli/issues")
        relay, service = Relay(urls.system_url, kafka), Service(works, kafka)
        ids: list[str] = []

        async def emit(count: int) -> None:
            async with works.for_system("tester") as work:
                ids.extend(str(work.emit(reported(), sequence=1, community=uuid4())) for _ in range(count))
            relay.wake()

        await asyncio.to_thread(server_pair.kafka.kill)
        async with running(relay.run(), service.consumer().run()):
            # Away from the beginning: both wait.
            await emit(50)
            await until(silent, seconds=15)
            await asyncio.to_thread(server_pair.kafka.start)
            await until(lambda: service.has_effects(50), seconds=60)

            # Killed in the middle, while rows keep coming; writing goes on.
            await asyncio.to_thread(server_pair.kafka.kill)
            for _ in range(AWAY_SECONDS):
                await emit(20)
                await asyncio.sleep(1)
            assert await silent()
            await asyncio.to_thread(server_pair.kafka.start)
            await until(lambda: service.has_effects(len(ids)), seconds=60)
            await until(publishing_again)  # it hears of its acknowledgements a little after the consumer

            # Hung for a while, then awake again.
            server_pair.kafka.child.pause()
            await emit(50)
            await asyncio.sleep(3)
            server_pair.kafka.child.resume()
            await until(lambda: service.has_effects(len(ids)), seconds=60)

            # The database killed and started again.
            await asyncio.to_thread(server_pair.postgres.kill)
            await asyncio.sleep(2)
            await asyncio.to_thread(server_pair.postgres.start)
            await until(lambda: writes(emit))
            await until(lambda: service.has_effects(len(ids)), seconds=60)
        effects = await service.effects()
        assert len(effects) == len(ids)
        with TopicReader(kafka) as read:
            messages = await asyncio.to_thread(read, "linli.issues", len(ids))
        sent = Counter(dict(message.headers() or [])["ce_id"] for message in messages)
        assert {one.decode() for one in sent if isinstance(one, bytes)} == set(ids)


async def silent() -> bool:
    return REGISTRY.get_sample_value("linli_relay_not_publishing") == 1


async def publishing_again() -> bool:
    return not await silent()


async def writes(emit: object) -> bool:
    try:
        await emit(10)  # type: ignore[operator]
    except OSError:
        return False
    return True
