"""Names in Kafka: every topic and group of a deployment carries its prefix; tables hold names without."""

from shared.messaging.settings import KafkaSettings


def full_topic(kafka: KafkaSettings, topic: str) -> str:
    """Give the topic's name in the cluster."""
    return kafka.topic_prefix + topic


def plain_topic(kafka: KafkaSettings, full: str) -> str:
    """Give the topic's name in contracts and tables."""
    return full.removeprefix(kafka.topic_prefix)


def group_name(kafka: KafkaSettings, consumer: str) -> str:
    """Give the consumer group's name in the cluster."""
    return f"{kafka.topic_prefix}linli.{consumer}"


def dead_topic(consumer: str) -> str:
    """Give the topic on which a consumer says what it could not take in."""
    return f"linli.{consumer}.dead"
