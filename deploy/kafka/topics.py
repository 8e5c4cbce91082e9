"""Brings a Kafka cluster's topics to what `topics.yaml` says: creates, widens, configures, never deletes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

DECLARED = Path(__file__).parent / "topics.yaml"
_SECONDS = 30.0
_LOOK_SECONDS = 3.0
_PASSING = {
    KafkaError._TRANSPORT,  # noqa: SLF001  (the library's names for what it says itself)
    KafkaError._TIMED_OUT,  # noqa: SLF001
    KafkaError.INVALID_REPLICATION_FACTOR,  # "all brokers are currently fenced"
    KafkaError.NOT_CONTROLLER,
    KafkaError.REQUEST_TIMED_OUT,
}
_HOPELESS = {KafkaError._AUTHENTICATION, KafkaError._SSL}  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as declared."""

    name: str
    partitions: int
    replication: int
    configuration: Mapping[str, str] = field(default_factory=dict)


def declared_topics(prefix: str = "", partitions: int | None = None, path: Path = DECLARED) -> list[Topic]:
    """The declared topics with the prefix; `partitions` lowers every topic's number to at most that."""
    document = yaml.safe_load(path.read_text())
    topics = [*_facts(document), *_dead(document)]
    limit = partitions or max(topic.partitions for topic in topics)
    return [
        replace(topic, name=prefix + topic.name, partitions=min(topic.partitions, limit)) for topic in topics
    ]


def apply_topics(
    settings: Mapping[str, Any], topics: Sequence[Topic], say: Callable[[str], None] = lambda _: None
) -> int:
    """Make the cluster's topics as declared; returns how many things were changed in the last attempt.

    `settings` are librdkafka's (`bootstrap.servers`, …). Raises KafkaException when the cluster refuses, or
    still has no broker to give after half a minute.
    """
    heard: list[KafkaError] = []
    # Its log would say the same several times a second; what it hears says why there is no way in.
    client = AdminClient({"log_level": 0, "error_cb": heard.append, **settings})
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            return _apply(client, topics, say)
        except KafkaException as error:
            if not _passes(error):
                raise
            client.poll(0)
            late = time.monotonic() > deadline
            if why := [each for each in heard if late or each.code() in _HOPELESS]:
                raise KafkaException(why[-1]) from error
            if late:
                raise
            time.sleep(0.5)


def reason_of(error: KafkaException) -> str:
    """What an operator is to read of it."""
    reason = error.args[0]
    return reason.str() if isinstance(reason, KafkaError) else str(reason)


def _passes(error: KafkaException) -> bool:
    """Whether it is a matter of time: a broker that is just starting, or had no processor for a while."""
    reason = error.args[0]
    return isinstance(reason, KafkaError) and reason.code() in _PASSING


def _apply(client: AdminClient, topics: Sequence[Topic], say: Callable[[str], None]) -> int:
    present = client.list_topics(timeout=_LOOK_SECONDS)
    brokers = len(present.brokers)
    missing = [topic for topic in topics if topic.name not in present.topics]
    kept = [topic for topic in topics if topic.name in present.topics]
    _create(client, missing, brokers, say)
    widened = _widen(client, [t for t in kept if len(present.topics[t.name].partitions) < t.partitions], say)
    return len(missing) + widened + _configure(client, kept, brokers, say)


def client_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """librdkafka's settings from the services' own environment variables (`KAFKA_…`)."""
    names = {
        "KAFKA_BOOTSTRAP_SERVERS": "bootstrap.servers",
        "KAFKA_SECURITY_PROTOCOL": "security.protocol",
        "KAFKA_SASL_MECHANISM": "sasl.mechanism",
        "KAFKA_SASL_USERNAME": "sasl.username",
        "KAFKA_SASL_PASSWORD": "sasl.password",
        "KAFKA_SSL_CAFILE": "ssl.ca.location",
    }
    return {ours: environment[name] for name, ours in names.items() if environment.get(name)}


def _facts(document: dict[str, Any]) -> Iterator[Topic]:
    defaults = document["defaults"]
    for name, own in document["topics"].items():
        configuration = {**defaults["configuration"], **own.get("configuration", {})}
        partitions = own.get("partitions", defaults["partitions"])
        yield Topic(name, partitions, document["replication"], _texts(configuration))


def _dead(document: dict[str, Any]) -> Iterator[Topic]:
    dead = document["dead"]
    configuration = {**document["defaults"]["configuration"], **dead["configuration"]}
    for consumer in dead["consumers"]:
        name = f"linli.{consumer}.dead"
        yield Topic(name, dead["partitions"], document["replication"], _texts(configuration))


def _texts(configuration: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in configuration.items()}


def _settled(topic: Topic, brokers: int) -> dict[str, str]:
    """The configuration with what follows from the number of copies."""
    safe = {"min.insync.replicas": "2"} if min(topic.replication, brokers) >= 3 else {}
    return {**topic.configuration, **safe}


def _create(client: AdminClient, topics: Sequence[Topic], brokers: int, say: Callable[[str], None]) -> None:
    if not topics:
        return
    wanted = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=min(topic.replication, brokers),
            config=_settled(topic, brokers),
        )
        for topic in topics
    ]
    for name, future in client.create_topics(wanted, request_timeout=_SECONDS).items():
        _result(future, KafkaError.TOPIC_ALREADY_EXISTS)  # made by another process meanwhile
        say(f"created {name}")
    _await_known(client, {topic.name for topic in topics})


def _await_known(client: AdminClient, names: set[str]) -> None:
    """The controller has made them, but a broker hears of it a little later; until then it denies them."""
    deadline = time.monotonic() + _SECONDS
    while not names <= client.list_topics(timeout=_SECONDS).topics.keys():
        if time.monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))
        time.sleep(0.05)


def _widen(client: AdminClient, topics: Sequence[Topic], say: Callable[[str], None]) -> int:
    if not topics:
        return 0
    wanted = [NewPartitions(topic.name, topic.partitions) for topic in topics]
    for name, future in client.create_partitions(wanted, request_timeout=_SECONDS).items():
        _result(future, KafkaError.INVALID_PARTITIONS)
        say(f"added partitions to {name}")
    return len(topics)


def _configure(client: AdminClient, topics: Sequence[Topic], brokers: int, say: Callable[[str], None]) -> int:
    """Set only what differs; settings that somebody made by hand and we do not name stay."""
    if not topics:
        return 0
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    present = {
        resource.name: _result(future)
        for resource, future in client.describe_configs(resources, request_timeout=_SECONDS).items()
    }
    changes = []
    for topic in topics:
        entries = present[topic.name]
        differing = {n: v for n, v in _settled(topic, brokers).items() if entries[n].value != v}
        if differing:
            changes.append(
                ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=_sets(differing))
            )
    if changes:
        for changed, future in client.incremental_alter_configs(changes, request_timeout=_SECONDS).items():
            _result(future)
            say(f"configured {changed.name}")
    return len(changes)


def _sets(values: Mapping[str, str]) -> list[ConfigEntry]:
    return [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in values.items()
    ]


def _result(future: Future[Any], accepted: int | None = None) -> Any:
    try:
        return future.result()
    except KafkaException as error:
        reason = error.args[0]
        if isinstance(reason, KafkaError) and reason.code() == accepted:
            return None
        raise
