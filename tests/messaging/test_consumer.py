"""The consumer against the real servers: effects once and in order, and what fails holds up nothing else."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer as ForeignConsumer
from confluent_kafka import TopicPartition

from shared.contracts import Assignee, Event, IssueAssigned, IssueReported, PlaceRegistered
from shared.database.work import Work, Works
from shared.errors import Unavailable
from shared.messaging.consumer import Consumer
from shared.messaging.envelope import Record, to_record
from shared.messaging.settings import KafkaSettings
from shared.messaging.subscription import Subscription
from tests.messaging.consuming import Refusal, Service, consumed, of_case
from tests.messaging.events import TRACE, event_of, reported, resolved
from tests.messaging.foreign import produce
from tests.messaging.running import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def service(works: Works, kafka_settings: KafkaSettings) -> Service:
    return Service(works, kafka_settings)


def lives(cases: int, length: int = 3) -> list[Record]:
    """The records of that many cases' lives, interleaved."""
    named = [uuid4() for _ in range(cases)]
    return [
        to_record(event_of(reported(case) if step == 1 else resolved(case), step))
        for step in range(1, length + 1)
        for case in named
    ]


async def test_everything_takes_effect_once_and_in_order_however_often_it_is_sent(service: Service) -> None:
    records = lives(60)
    produce(service.kafka, *records, *records[:40])
    async with service.running():
        await until(lambda: service.has_effects(180))
        produce(service.kafka, *records[90:120])
        again = lives(1)
        produce(service.kafka, *again)
        await until(lambda: service.has_effects(183))
    effects = await service.effects()
    assert len(effects) == len(set(effects)) == 183
    for subject in {subject for subject, _ in effects}:
        assert [sequence for one, sequence in effects if one == subject] == [1, 2, 3]
    assert len(service.calls) < 60


async def test_a_restart_goes_on_where_the_last_one_stopped(service: Service) -> None:
    produce(service.kafka, *lives(20))
    async with service.running():
        await until(lambda: service.has_effects(60))
    calls = len(service.calls)
    produce(service.kafka, *lives(5))
    async with service.running():
        await until(lambda: service.has_effects(75))
    assert sum(len(call) for call in service.calls[calls:]) == 15


async def test_contiguous_runs_go_to_their_use_case_in_one_transaction(service: Service) -> None:
    case = uuid4()
    assigned = IssueAssigned(
        case=case, category="noise", priority="ordinary", assignee=Assignee(person="person-7")
    )
    steps = [reported(case), resolved(case), assigned, resolved(case)]
    events = [event_of(fact, number, traceparent=TRACE) for number, fact in enumerate(steps, 1)]  # type: ignore[arg-type]
    produce(service.kafka, *(to_record(event) for event in events))
    async with service.running():
        await until(lambda: service.has_effects(4))
    assert [[event.sequence for event in call] for call in service.calls] == [[1, 2], [3], [4]]
    assert service.calls[0][0] == events[0]
    chunks = await service.works.database.system.fetchval("SELECT count(DISTINCT chunk) FROM effects")
    assert chunks == 1


async def test_late_and_early_events_come_as_the_topic_has_them(service: Service) -> None:
    case = uuid4()
    produce(service.kafka, *(to_record(event_of(resolved(case), number)) for number in (3, 1, 2)))
    async with service.running():
        await until(lambda: service.has_effects(3))
    assert of_case(await service.effects(), case) == [3, 1, 2]


async def test_without_inbox_the_use_case_sees_the_repeats(service: Service) -> None:
    place = PlaceRegistered(place=uuid4(), kind="building", parent=uuid4(), name="1", code="B-1")
    record = to_record(event_of(place))  # type: ignore[arg-type]
    produce(service.kafka, record, record)
    async with service.running():
        await until(lambda: service.has_effects(2))
    assert await service.count("inbox") == 0


async def test_what_nobody_subscribed_to_is_skipped_and_counted(service: Service) -> None:
    before = consumed("unknown", "skipped")
    known = to_record(event_of(reported()))
    newer = Record(
        known.topic, known.key, dict(known.headers) | {"ce_type": "linli.issues.issue-reported.v9"}, b"{}"
    )
    produce(service.kafka, newer, known)
    async with service.running():
        await until(lambda: service.has_effects(1))
    assert consumed("unknown", "skipped") == before + 1
    assert await service.count("dead_letters") == 0


async def test_a_chunk_under_way_holds_up_its_own_lane_only(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slow,), write_down = lives(1, 1), service.write_down
    under_way, release = asyncio.Event(), asyncio.Event()

    async def wait_with_one(work: Work, events: Sequence[Event[Any]]) -> None:
        if any(event.subject.encode() == slow.key for event in events):
            under_way.set()
            await release.wait()
        await write_down(work, events)

    monkeypatch.setattr(service, "write_down", wait_with_one)
    produce(service.kafka, slow)
    async with service.running():
        await asyncio.wait_for(under_way.wait(), 20)
        produce(service.kafka, *lives(30, 1))
        await until(lambda: service.has_effects(1))
        assert slow.key not in {subject.encode() for subject, _ in await service.effects()}
        release.set()
        await until(lambda: service.has_effects(31))


async def test_a_transient_error_holds_back_its_partition_and_nothing_else(service: Service) -> None:
    records = lives(30, 1)
    held = records[7]
    assert held.key is not None
    service.trouble[held.key.decode()] = (Unavailable("later"), 3)
    produce(service.kafka, *records)
    async with service.running():
        await until(lambda: service.has_effects(30))
    effects = await service.effects()
    assert len(set(effects)) == len(effects) == 30
    assert await service.count("dead_letters") == 0


async def test_a_permanent_error_costs_only_its_own_event(service: Service) -> None:
    records = lives(30, 1)
    refused = records[11]
    assert refused.key is not None
    service.trouble[refused.key.decode()] = (Refusal("never"), -1)
    produce(service.kafka, *records)
    async with service.running():
        await until(lambda: service.has_effects(29))
    assert refused.key.decode() not in {subject for subject, _ in await service.effects()}
    letter = await service.works.database.system.fetchrow("SELECT reason, detail, value FROM dead_letters")
    assert letter is not None
    assert tuple(letter) == ("use-case", "Refusal: never", refused.value)
    assert await service.count("inbox") == 29


async def test_offsets_are_committed_after_the_effect(service: Service) -> None:
    async def all_committed() -> bool:
        return await asyncio.to_thread(committed, service.kafka) == 30

    produce(service.kafka, *lives(10))
    async with service.running():
        await until(lambda: service.has_effects(30))
        await until(all_committed)


def committed(kafka: KafkaSettings) -> int:
    group = f"{kafka.topic_prefix}linli.notify"
    reader = ForeignConsumer(
        {"bootstrap.servers": kafka.bootstrap_servers, "group.id": group, "log_level": 0}
    )
    topic = f"{kafka.topic_prefix}linli.issues"
    places = reader.committed([TopicPartition(topic, number) for number in range(3)], timeout=10)
    reader.close()
    return sum(max(place.offset, 0) for place in places)


async def test_a_database_that_is_away_stalls_without_loss(service: Service) -> None:
    """What a use case meets when the database goes: the chunk waits, event by event, and comes again."""
    gone = ConnectionRefusedError("the database is away")
    records = lives(20, 1)
    for record in records:
        assert record.key is not None
        service.trouble[record.key.decode()] = (gone, 2)
    produce(service.kafka, *records)
    async with service.running():
        await until(lambda: service.has_effects(20), seconds=60)
    assert sorted(await service.effects()) == sorted(set(await service.effects()))
    assert await service.count("dead_letters") == 0


async def test_no_service_consumes_its_own_topic(service: Service) -> None:
    with pytest.raises(ValueError, match="its own topic"):
        Consumer(
            "issues", service.works, service.kafka, {IssueReported: Subscription(service.write_down)}, {}
        )


async def test_times_are_business_times(service: Service) -> None:
    event = event_of(reported(), time=datetime(2020, 1, 1, tzinfo=UTC))
    produce(service.kafka, to_record(event))
    async with service.running():
        await until(lambda: service.has_effects(1))
    assert service.calls[0][0].time == datetime(2020, 1, 1, tzinfo=UTC)
