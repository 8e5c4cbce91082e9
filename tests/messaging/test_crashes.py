"""Processes killed with -9 at the worst moments: everything arrives, and takes effect exactly once."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from deploy.embedded.databases import DatabaseUrls
from shared.database.work import Works
from shared.messaging.envelope import to_record
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import ReadTopic
from tests.messaging.consuming import Service
from tests.messaging.events import event_of, reported, resolved
from tests.messaging.foreign import produce
from tests.messaging.running import until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def child(
    what: str, urls: DatabaseUrls, kafka: KafkaSettings, crash_at: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    given = {"url": urls.url, "system_url": urls.system_url, "kafka": kafka.model_dump(mode="json")}
    environment = os.environ | {"LINLI_TEST_CHILD": json.dumps(given), "LINLI_CRASH_AT": crash_at}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.messaging.child",
        what,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def killed(process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("point", ["relay.read", "relay.sent:3"])
async def test_a_relay_killed_before_or_after_sending_loses_nothing(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic, point: str
) -> None:
    async def is_empty() -> bool:
        return not await works.database.system.fetchval("SELECT EXISTS (SELECT FROM outbox)")

    async with works.for_system("tester") as work:
        ids = {str(work.emit(reported(), sequence=1, community=uuid4())) for _ in range(300)}
    async with child("relay", urls, kafka_settings, point) as process:
        await killed(process)
    assert not await is_empty()
    async with child("relay", urls, kafka_settings):
        await until(is_empty)
    messages = await asyncio.to_thread(read_topic, "linli.issues", 300)
    seen = Counter(dict(message.headers() or [])["ce_id"] for message in messages)
    assert {one.decode() for one in seen if isinstance(one, bytes)} == ids
    repeated = sum(times - 1 for times in seen.values())
    assert (repeated > 0) is point.startswith("relay.sent")


@pytest.mark.parametrize("point", ["consumer.effect", "consumer.effect:2", "consumer.committed"])
async def test_a_consumer_killed_before_or_after_its_commit_takes_effect_once(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, point: str
) -> None:
    service = Service(works, kafka_settings)
    # With a slot the restarted member goes on at once, without one only when the dead one has timed out.
    slotted = kafka_settings.model_copy(update={"consumer_slot": "1"})
    cases = [uuid4() for _ in range(50)]
    produce(
        kafka_settings,
        *(to_record(event_of(resolved(case), number)) for number in (1, 2, 3) for case in cases),
    )
    async with child("consumer", urls, slotted, point) as process:
        await killed(process)
    before = len(await service.effects())
    assert before < 150
    assert (before > 0) is (point != "consumer.effect")
    async with child("consumer", urls, slotted):
        await until(lambda: service.has_effects(150), seconds=30)
    effects = await service.effects()
    assert len(set(effects)) == len(effects) == 150
    for case in cases:
        assert [number for subject, number in effects if subject == str(case)] == [1, 2, 3]
