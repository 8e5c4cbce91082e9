"""Other people's producers and readers, in the ways of another library."""

from confluent_kafka import Producer

from shared.messaging.envelope import Record
from shared.messaging.settings import KafkaSettings


def produce(kafka: KafkaSettings, *records: Record) -> None:
    """Send finished records with librdkafka, placed as Java would place them."""
    producer = Producer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "partitioner": "murmur2_random",
            "message.max.bytes": 4_000_000,
            "linger.ms": 5,
            "log_level": 0,
        }
    )
    for record in records:
        topic = kafka.topic_prefix + record.topic
        producer.produce(topic, record.value, key=record.key, headers=dict(record.headers))
    assert producer.flush(20) == 0
