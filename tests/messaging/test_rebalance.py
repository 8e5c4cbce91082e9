"""Members that come and go: everything takes effect once and in order, and what is held back stays so."""

import asyncio
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import pytest

from shared.database.work import Works
from shared.errors import Unavailable
from shared.messaging.envelope import to_record
from shared.messaging.partitions import partitions_of
from shared.messaging.settings import KafkaSettings
from tests.fixtures.topics import PARTITIONS
from tests.messaging.consuming import Service
from tests.messaging.events import event_of, resolved
from tests.messaging.foreign import produce
from tests.messaging.running import until

pytestmark = pytest.mark.anyio


async def test_two_members_share_and_hand_over_without_loss_or_repeat(
    works: Works, kafka_settings: KafkaSettings
) -> None:
    first, second = Service(works, kafka_settings), Service(works, kafka_settings)
    cases = [uuid4() for _ in range(40)]

    def send(number: int) -> None:
        produce(kafka_settings, *(to_record(event_of(resolved(case), number)) for case in cases))

    async with AsyncExitStack() as stack:
        async with first.running():
            for number in range(1, 4):
                await asyncio.to_thread(send, number)
            # The second joins while the first is at work, and the first leaves while both are.
            await stack.enter_async_context(second.running())
            for number in range(4, 12):
                await asyncio.to_thread(send, number)
                await asyncio.sleep(0.2)
            await until(lambda: takes_part(second))
        for number in range(12, 15):
            await asyncio.to_thread(send, number)
        await until(lambda: first.has_effects(40 * 14), seconds=40)
    effects = await first.effects()
    assert len(set(effects)) == len(effects) == 40 * 14
    for case in cases:
        assert [number for subject, number in effects if subject == str(case)] == list(range(1, 15))
    assert first.calls


def partition_of(case: UUID) -> int:
    return partitions_of([str(case).encode()], [0])[0] % PARTITIONS


async def takes_part(service: Service) -> bool:
    return bool(service.calls)


async def test_a_partition_that_is_held_back_stays_so_after_a_rebalance(
    works: Works, kafka_settings: KafkaSettings
) -> None:
    first, second = Service(works, kafka_settings), Service(works, kafka_settings)
    stuck = uuid4()
    for service in (first, second):
        service.trouble[str(stuck)] = (Unavailable("for a while"), -1)
    produce(kafka_settings, to_record(event_of(resolved(stuck), 1)))
    async with first.running():
        await until(lambda: takes_part(first))
        async with second.running():
            made = [uuid4() for _ in range(300)]
            behind = [case for case in made if partition_of(case) == partition_of(stuck)][:10]
            beside = [case for case in made if partition_of(case) != partition_of(stuck)][:20]
            others = (to_record(event_of(resolved(case), 1)) for case in behind + beside)
            produce(kafka_settings, *others)
            await until(lambda: first.has_effects(20))
            attempts = len(first.calls) + len(second.calls)
            await asyncio.sleep(1)
            assert len(first.calls) + len(second.calls) - attempts < 20
            assert {subject for subject, _ in await first.effects()} == {str(case) for case in beside}
            for service in (first, second):
                service.trouble.clear()
            await until(lambda: first.has_effects(31), seconds=30)
    effects = await first.effects()
    assert len(set(effects)) == len(effects) == 31
    assert await first.count("dead_letters") == 0
