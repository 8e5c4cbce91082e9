"""What cannot be taken in has its reason, keeps its bytes, parks its key, and costs nobody else."""

import asyncio
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Producer

from deploy.embedded.databases import DatabaseUrls
from shared.database.work import Works
from shared.messaging.dead_letters import list_dead_letters
from shared.messaging.envelope import VALUE_LIMIT, Record, to_record
from shared.messaging.incoming import Incoming
from shared.messaging.parked import park
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import ReadTopic
from tests.messaging.consuming import Refusal, Service, of_case
from tests.messaging.events import event_of, reported, resolved
from tests.messaging.foreign import produce
from tests.messaging.running import running, until

pytestmark = pytest.mark.anyio

GOOD = to_record(event_of(reported()))
POISON: dict[str, tuple[dict[str, bytes], bytes | None, str]] = {
    "no envelope": ({}, b'{"hello": "world"}', "no-envelope"),
    "no envelope and no JSON": ({}, b"\x00\xff", "no-envelope"),
    "null value": ({name: text.encode() for name, text in GOOD.headers.items()}, None, "null-value"),
    "bare null value": ({}, None, "null-value"),
    "broken JSON": (
        {name: text.encode() for name, text in GOOD.headers.items()},
        b'{"case": ',
        "broken-json",
    ),
    "wrong data": (
        {name: text.encode() for name, text in GOOD.headers.items()},
        b'{"case": 7}',
        "wrong-data",
    ),
    "broken envelope": ({"ce_id": b"\xff\xfe", "ce_specversion": b"1.0"}, b"{}", "broken-envelope"),
    "NUL in a header": ({"ce_type": b"a\x00b", "ce_specversion": b"1.0"}, b"{}", "no-envelope"),
    "just above the limit": (
        {name: text.encode() for name, text in GOOD.headers.items()},
        b" " * (VALUE_LIMIT + 1),
        "oversize",
    ),
    "3 MB": ({}, b"x" * 3_000_000, "oversize"),
}


@pytest.fixture
def service(works: Works, kafka_settings: KafkaSettings) -> Service:
    return Service(works, kafka_settings)


def send_raw(kafka: KafkaSettings, key: bytes | None, headers: dict[str, bytes], value: bytes | None) -> None:
    producer = Producer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "message.max.bytes": 4_000_000,
            "partitioner": "murmur2_random",
        }
    )
    producer.produce(f"{kafka.topic_prefix}linli.issues", value, key=key, headers=dict(headers))
    assert producer.flush(20) == 0


@pytest.mark.parametrize("keyed", [True, False])
async def test_every_kind_of_poison_is_a_dead_letter_and_the_next_good_record_takes_effect(
    service: Service, urls: DatabaseUrls, read_topic: ReadTopic, keyed: bool
) -> None:
    for name, (headers, value, _) in POISON.items():
        send_raw(service.kafka, name.encode() if keyed else None, headers, value)
        produce(service.kafka, to_record(event_of(reported())))
    async with service.running():
        await until(lambda: service.has_effects(len(POISON)))
        await until(lambda: has_letters(service, len(POISON)))
    rows = await service.works.database.system.fetch("SELECT * FROM dead_letters")
    assert sorted(row["reason"] for row in rows) == sorted(reason for _, _, reason in POISON.values())
    kept = {(row["key"], row["value"]) for row in rows}
    assert kept == {(name.encode() if keyed else None, value) for name, (_, value, _) in POISON.items()}
    assert len(await service.effects()) == len(POISON)
    assert await service.count("parked_events") == 0
    async with running(Relay(urls.system_url, service.kafka).run()):
        announced = await asyncio.to_thread(read_topic, "linli.notify.dead", len(POISON))
    told = [orjson.loads(message.value() or b"") for message in announced]
    assert sorted(one["reason"] for one in told) == sorted(reason for _, _, reason in POISON.values())
    assert {(one["topic"], one["partition"], one["offset"]) for one in told} == {
        (row["topic"], row["partition"], row["offset"]) for row in rows
    }
    assert all(message.key() is None for message in announced)


async def has_letters(service: Service, count: int) -> bool:
    return await service.count("dead_letters") >= count


async def test_an_enormous_key_is_kept_like_any_other(service: Service) -> None:
    send_raw(service.kafka, b"k" * 20_000, {}, b"poison")
    send_raw(
        service.kafka, b"k" * 20_000, {name: text.encode() for name, text in GOOD.headers.items()}, GOOD.value
    )
    async with service.running():
        await until(lambda: has_parked(service, 1))
    (letter,) = await list_dead_letters(service.works, "notify")
    assert (letter.key, letter.parked, letter.bytes) == (b"k" * 20_000, 1, 6)


async def has_parked(service: Service, count: int) -> bool:
    return await service.count("parked_events") >= count


async def test_later_events_of_the_key_wait_without_inbox_row_and_come_back_in_order(
    service: Service,
) -> None:
    bad, good = uuid4(), uuid4()
    service.trouble[str(bad)] = (Refusal("not yet"), -1)
    produce(
        service.kafka, *(to_record(event_of(resolved(case), n)) for n in (1, 2, 3) for case in (bad, good))
    )
    async with service.running():
        await until(lambda: has_parked(service, 2))
        await until(lambda: service.has_effects(3))
        assert of_case(await service.effects(), good) == [1, 2, 3]
        assert await service.count("inbox") == 3
        # Still broken: redelivering changes nothing, twice.
        for _ in range(2):
            assert (await service.redelivery().redeliver()).dead == 1
        assert (await service.count("dead_letters"), await service.count("parked_events")) == (1, 2)
        service.trouble.clear()
        assert (await service.redelivery().redeliver()).done == 3
        assert (await service.redelivery().redeliver()).done == 0
        produce(service.kafka, *(to_record(event_of(resolved(bad), n)) for n in (4, 5)))
        await until(lambda: service.has_effects(8))
    assert of_case(await service.effects(), bad) == [1, 2, 3, 4, 5]
    assert (await service.count("dead_letters"), await service.count("parked_events")) == (0, 0)


async def test_poison_without_a_key_parks_nothing(service: Service) -> None:
    send_raw(service.kafka, None, {}, b"rubbish")
    produce(
        service.kafka, *(Record(GOOD.topic, None, to_record(event_of(reported())).headers, GOOD.value),) * 2
    )
    async with service.running():
        await until(lambda: has_letters(service, 1))
        await until(lambda: service.has_effects(1))
    assert await service.count("parked_events") == 0


async def test_a_tombstone_parks_its_key_until_it_is_discarded(service: Service) -> None:
    case = uuid4()
    key = str(case).encode()
    produce(service.kafka, to_record(event_of(resolved(case), 1)))
    send_raw(service.kafka, key, {}, None)
    produce(service.kafka, *(to_record(event_of(resolved(case), n)) for n in (2, 3)))
    async with service.running():
        await until(lambda: has_parked(service, 2))
    (letter,) = await list_dead_letters(service.works, "notify")
    assert (letter.reason, letter.key, letter.parked) == ("null-value", key, 2)
    place = (letter.topic, letter.partition, letter.offset)
    async with service.works.for_system("test") as work:  # read again: its offset was not committed
        await park(work.connection, "notify", [Incoming(*place, key, (), None, 0)])
    assert await service.count("parked_events") == 2
    assert (await service.redelivery().redeliver(letter.id)).dead == 1
    assert (await service.redelivery().discard(letter.id)).done == 2
    assert of_case(await service.effects(), case) == [1, 2, 3]


async def test_what_an_interrupted_redelivery_left_parked_is_found_by_the_next(service: Service) -> None:
    case = uuid4()
    service.trouble[str(case)] = (Refusal("once"), 2)
    produce(service.kafka, *(to_record(event_of(resolved(case), n)) for n in (1, 2, 3)))
    async with service.running():
        await until(lambda: has_parked(service, 2))
    await service.works.database.system.execute("DELETE FROM dead_letters")
    assert (await service.redelivery().redeliver()).done == 2
    assert of_case(await service.effects(), case) == [2, 3]


async def test_a_second_poison_of_the_key_stops_redelivery_in_its_turn(service: Service) -> None:
    case = uuid4()
    key = str(case).encode()
    for number in (1, 2):
        send_raw(service.kafka, key, {}, b"rubbish")
        produce(service.kafka, to_record(event_of(resolved(case), number)))
    async with service.running():
        await until(lambda: has_parked(service, 3))
    (first,) = await list_dead_letters(service.works, "notify")
    outcome = await service.redelivery().discard(first.id)
    assert (outcome.done, outcome.dead) == (1, 1)
    (second,) = await list_dead_letters(service.works, "notify")
    assert (second.offset, second.parked) == (first.offset + 2, 1)
    await service.redelivery().discard(second.id)
    assert of_case(await service.effects(), case) == [1, 2]


async def test_redelivery_beside_the_running_consumer_and_beside_itself_loses_no_order(
    service: Service,
) -> None:
    case = uuid4()
    service.trouble[str(case)] = (Refusal("not yet"), -1)
    produce(service.kafka, *(to_record(event_of(resolved(case), n)) for n in range(1, 60)))
    async with service.running():
        await until(lambda: has_parked(service, 30))
        service.trouble.clear()
        sending = asyncio.create_task(
            asyncio.to_thread(
                produce, service.kafka, *(to_record(event_of(resolved(case), n)) for n in range(60, 200))
            )
        )
        while await service.count("dead_letters") + await service.count("parked_events"):
            await asyncio.gather(*(service.redelivery().redeliver() for _ in range(3)))
        await sending
        await until(lambda: service.has_effects(199))
    assert of_case(await service.effects(), case) == list(range(1, 200))
