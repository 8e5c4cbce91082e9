"""The relay, database and broker being real: all that is committed arrives, in order, and is deleted."""

import asyncio
from collections import defaultdict
from time import monotonic
from uuid import uuid4

import asyncpg
import pytest

from deploy.embedded.databases import DatabaseUrls
from shared.database.work import Works
from shared.messaging import outbox
from shared.messaging.envelope import VALUE_LIMIT, Record
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import ReadTopic
from tests.messaging.events import reported, resolved
from tests.messaging.running import running, until

pytestmark = pytest.mark.anyio


async def has_waiting(works: Works, rows: int) -> bool:
    return bool(await works.database.system.fetchval("SELECT count(*) = $1 FROM outbox", rows))


async def emit(works: Works, cases: int, events_each: int) -> list[str]:
    """Write that many events of each case, interleaved, each transaction with some; give the ids in order."""
    ids, names, community = [], [uuid4() for _ in range(cases)], uuid4()
    for sequence in range(1, events_each + 1):
        async with works.for_request("tester", community) as work:
            for name in names:
                fact = reported(name) if sequence == 1 else resolved(name)
                ids.append(str(work.emit(fact, sequence=sequence)))
    return ids


def headers_of(message: object) -> dict[str, str]:
    return {name: text.decode() for name, text in message.headers()}  # type: ignore[attr-defined]


async def test_everything_arrives_in_the_order_of_its_key_and_leaves_the_outbox(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    ids = await emit(works, cases=40, events_each=5)
    async with running(Relay(urls.system_url, kafka_settings).run()):
        messages = await asyncio.to_thread(read_topic, "linli.issues", len(ids))
        await until(lambda: has_waiting(works, 0))
    sequences = defaultdict(list)
    for message in messages:
        sequences[message.key()].append(int(headers_of(message)["ce_sequence"]))
    assert sorted(headers_of(message)["ce_id"] for message in messages) == sorted(ids)
    assert list(sequences.values()) == [[1, 2, 3, 4, 5]] * 40
    assert len({message.partition() for message in messages}) == 3


async def test_a_commit_is_published_within_milliseconds_of_the_wake(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings
) -> None:
    relay = Relay(urls.system_url, kafka_settings)
    async with running(relay.run()):
        await emit(works, 1, 1)
        await until(lambda: has_waiting(works, 0))
        took = []
        for _ in range(15):
            await asyncio.sleep(0.02)
            await emit(works, 1, 1)
            began = monotonic()
            relay.wake()
            await until(lambda: has_waiting(works, 0), pause=0.001)
            took.append(monotonic() - began)
    # Read, sent, acknowledged, deleted and seen to be; without the wake it would be the poll's half second.
    assert sorted(took)[7] < 0.1, took


async def test_rows_that_nobody_announced_are_found_by_polling(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings
) -> None:
    async with running(Relay(urls.system_url, kafka_settings).run()):
        for _ in range(3):
            await emit(works, 1, 1)
            await until(lambda: has_waiting(works, 0), seconds=5)


async def test_a_slower_transaction_with_lower_ids_is_not_overlooked(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    relay = Relay(urls.system_url, kafka_settings)
    async with running(relay.run()):
        slow = await asyncpg.connect(urls.system_url)
        transaction = slow.transaction()
        await transaction.start()
        await outbox.write_records(slow, [Record("linli.issues", b"slow", {"ce_id": "slow"}, b"{}")])
        for _ in range(3):
            await emit(works, 5, 2)
            relay.wake()
            await until(lambda: has_waiting(works, 0))
        await transaction.commit()
        await slow.close()
        await until(lambda: has_waiting(works, 0))
    messages = await asyncio.to_thread(read_topic, "linli.issues", 31)
    assert len(messages) == 31
    assert messages.count(next(m for m in messages if m.key() == b"slow")) == 1


async def test_large_rows_and_rows_without_a_key_get_through_in_bounded_memory(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    async with works.for_system("tester") as work:
        for number in range(60):
            record = Record("linli.notify", None, {"number": str(number)}, b"x" * VALUE_LIMIT)
            await outbox.write_records(work.connection, [record])
    async with running(Relay(urls.system_url, kafka_settings).run()):
        messages = await asyncio.to_thread(read_topic, "linli.notify", 60)
        await until(lambda: has_waiting(works, 0))
    assert sorted(int(headers_of(message)["number"]) for message in messages) == list(range(60))
    assert len({message.partition() for message in messages}) == 3


async def test_a_topic_that_does_not_exist_holds_up_no_other(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    async with works.for_system("tester") as work:
        await outbox.write_records(work.connection, [Record("linli.nowhere", b"k", {}, b"{}")] * 2500)
    ids = await emit(works, 10, 3)
    async with running(Relay(urls.system_url, kafka_settings).run()):
        messages = await asyncio.to_thread(read_topic, "linli.issues", len(ids))
        await until(lambda: has_waiting(works, 2500))
    assert len(messages) == len(ids)


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    first, second = (Relay(urls.system_url, kafka_settings) for _ in range(2))
    async with running(second.run()):
        async with running(first.run()):
            await emit(works, 20, 5)
            await until(lambda: has_waiting(works, 0))
        await emit(works, 20, 5)
        await until(lambda: has_waiting(works, 0))
    messages = await asyncio.to_thread(read_topic, "linli.issues", 200)
    assert len(messages) == 200


async def test_a_cut_database_connection_is_made_anew(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings
) -> None:
    async with running(Relay(urls.system_url, kafka_settings).run()):
        for _ in range(3):
            await emit(works, 5, 5)
            ended = await works.database.system.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE application_name = 'linli-relay' AND datname = current_database()"
            )
            assert ended <= 1
            await until(lambda: has_waiting(works, 0))


async def test_requests_may_only_add_to_the_outbox(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.url)
    await outbox.write_records(connection, [Record("linli.issues", b"k", {}, b"{}")])
    for statement in (
        "SELECT * FROM outbox",
        "DELETE FROM outbox",
        "SELECT * FROM inbox",
        "SELECT 1 FROM dead_letters",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()
