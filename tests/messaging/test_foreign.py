"""Other systems read our topics and write to them with their own libraries, and both sides mean the same."""

import asyncio
from uuid import uuid4

import orjson
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import Producer

from deploy.embedded.databases import DatabaseUrls
from shared.contracts import SEQUENCE_DIGITS
from shared.database.work import Works
from shared.messaging.envelope import to_record
from shared.messaging.relay import Relay
from shared.messaging.settings import KafkaSettings
from tests.messaging.conftest import ReadTopic
from tests.messaging.consuming import Service
from tests.messaging.events import TIME, TRACE, event_of, reported
from tests.messaging.foreign import produce
from tests.messaging.running import running, until

pytestmark = pytest.mark.anyio


async def test_strangers_read_our_events_equal(
    urls: DatabaseUrls, works: Works, kafka_settings: KafkaSettings, read_topic: ReadTopic
) -> None:
    fact, community = reported(reporter="person-9", flags=("closed-before-reported",)), uuid4()
    async with works.for_request("tester", community, TRACE) as work:
        identifier = work.emit(fact, sequence=12, imported=True)
    async with running(Relay(urls.system_url, kafka_settings).run()):
        (message,) = await asyncio.to_thread(read_topic, "linli.issues", 1)
    headers = {name: text for name, text in message.headers() or [] if isinstance(text, bytes)}
    event = from_binary(KafkaMessage(headers, message.key(), message.value() or b""), JSONFormat())
    assert event.get_attributes() == {
        "id": str(identifier),
        "source": "/linli/issues",
        "specversion": "1.0",
        "type": "linli.issues.issue-reported.v1",
        "subject": fact.subject,
        "time": TIME,
        "datacontenttype": "application/json",
        "partitionkey": fact.subject,
        "community": str(community),
        "sequence": "12".zfill(SEQUENCE_DIGITS),
        "imported": "true",
        "traceparent": TRACE,
    }
    assert event.get_data() == orjson.loads(fact.model_dump_json())


def foreign_event(**attributes: object) -> CloudEvent:
    fact = reported(reporter="person-3")
    given = {
        "id": "HOTLINE-2026-0007",
        "source": "https://city.example/hotline",
        "type": fact.event_type,
        "subject": fact.subject,
        "time": TIME,
        "datacontenttype": "application/json",
        "partitionkey": fact.subject,
        "community": str(uuid4()),
        "sequence": "1",
        "imported": True,
    }
    return CloudEvent(given | attributes, orjson.loads(fact.model_dump_json()))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", "lz4", "snappy"])
async def test_strangers_events_of_either_mode_are_taken_in_once(
    works: Works, kafka_settings: KafkaSettings, compression: str
) -> None:
    structured, binary = foreign_event(), foreign_event(id="HOTLINE-2026-0008")
    sent = [to_structured(structured, JSONFormat()), to_binary(binary, JSONFormat())]
    service = Service(works, kafka_settings)
    producer = Producer(
        {
            "bootstrap.servers": kafka_settings.bootstrap_servers,
            "compression.type": compression,
            "log_level": 0,
        }
    )
    for message in (*sent, *sent):
        topic = f"{kafka_settings.topic_prefix}linli.issues"
        producer.produce(topic, message.value, key=message.key, headers=dict(message.headers))
    assert producer.flush(10) == 0
    async with service.running():
        await until(lambda: service.has_effects(2))
        produce(kafka_settings, to_record(event_of(reported())))
        await until(lambda: service.has_effects(3))
    events = [event for call in service.calls for event in call]
    assert len(events) == 3
    taken = {event.subject: event for event in events}
    for foreign in (structured, binary):
        event = taken[foreign.get_subject() or ""]
        assert (event.time, str(event.community)) == (TIME, foreign.get_extension("community"))
        assert (event.source, event.sequence, event.imported) == (foreign.get_source(), 1, True)
        assert event.data.model_dump(mode="json") == foreign.get_data()
