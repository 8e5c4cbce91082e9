"""A database with nothing but the messaging tables, and a table in which consumers leave their effects."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import asyncpg
import pytest
import structlog
from confluent_kafka import Consumer as ForeignConsumer
from confluent_kafka import Message, TopicPartition

from deploy.embedded.databases import DatabaseUrls
from shared.database.pool import Database
from shared.database.work import Works
from shared.messaging import outbox
from shared.messaging.settings import KafkaSettings
from shared.messaging.tables import HEADERS_AS_THEY_TRAVEL, MESSAGING_TABLES, RECORDS_AS_THEY_TRAVEL
from tests.messaging.events import TIME

EFFECTS = (
    """
    CREATE TABLE effects (
        place bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, subject text NOT NULL,
        sequence bigint NOT NULL, type text NOT NULL,
        chunk bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint
    )
    """,
    "GRANT SELECT, INSERT ON effects TO linli_system",
)


# structlog's own default shows tracebacks with all variables, which takes seconds of the event loop.
structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()])


@dataclass
class FixedClock:
    """Business time that stands still."""

    time: datetime = field(default=TIME.astimezone(UTC))

    def now(self) -> datetime:
        return self.time


@pytest.fixture
async def urls(empty_database: DatabaseUrls) -> DatabaseUrls:
    await create_tables(empty_database)
    return empty_database


async def create_tables(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner_url)
    for statement in (*MESSAGING_TABLES, *HEADERS_AS_THEY_TRAVEL, *RECORDS_AS_THEY_TRAVEL, *EFFECTS):
        await owner.execute(statement)
    await owner.close()


@pytest.fixture
async def database(urls: DatabaseUrls) -> AsyncIterator[Database]:
    async with Database.open(urls.url, urls.system_url) as opened:
        yield opened


@pytest.fixture
def works(database: Database) -> Works:
    return Works(database, FixedClock(), outbox, "/linli/issues")


ReadTopic = Callable[..., list[Message]]


@pytest.fixture
def read_topic(kafka_settings: KafkaSettings) -> Iterator[ReadTopic]:
    """Read a topic from its beginning with another library: `read_topic("linli.issues", 10)`."""
    with TopicReader(kafka_settings) as read:
        yield read


class TopicReader:
    """Reads as a stranger would, until `expected` records are there and no more come for a while."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._consumer = ForeignConsumer(
            {
                "bootstrap.servers": kafka.bootstrap_servers,
                "group.id": "nobody",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "allow.auto.create.topics": False,
                "fetch.wait.max.ms": 50,
                "log_level": 0,
            }
        )

    def __enter__(self) -> ReadTopic:
        return self.read

    def __exit__(self, *_: Any) -> None:
        self._consumer.close()

    def read(self, topic: str, expected: int, seconds: float = 15, calm: float = 0.4) -> list[Message]:
        full = self._kafka.topic_prefix + topic
        partitions = self._consumer.list_topics(full, timeout=10).topics[full].partitions
        self._consumer.assign([TopicPartition(full, number, 0) for number in partitions])
        found: list[Message] = []
        deadline, last = monotonic() + seconds, monotonic()
        while monotonic() < deadline and not (len(found) >= expected and monotonic() - last > calm):
            for message in self._consumer.consume(1000, 0.05):
                assert message.error() is None, message.error()
                found.append(message)
                last = monotonic()
        self._consumer.unassign()
        return found
