"""Settings for clusters of every kind of security."""

import ssl
from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging.settings import KafkaSettings
from shared.messaging.topics import dead_topic, full_topic, group_name, plain_topic

LOG_IN: dict[str, Any] = {
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_username": "issues",
    "sasl_password": "secret",
}


def settings(**fields: Any) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers="kafka:9092", **fields)


def test_a_plain_cluster_needs_only_an_address() -> None:
    assert settings().client_options() == {
        "bootstrap_servers": "kafka:9092",
        "security_protocol": "PLAINTEXT",
    }


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_logging_in_is_passed_on_and_never_shown(mechanism: str) -> None:
    made = settings(security_protocol="SASL_PLAINTEXT", **LOG_IN | {"sasl_mechanism": mechanism})
    options = made.client_options()
    assert (options["sasl_mechanism"], options["sasl_plain_password"]) == (mechanism, "secret")
    assert "secret" not in repr(made)


@pytest.mark.parametrize("protocol", ["SSL", "SASL_SSL"])
def test_encryption_verifies_the_other_side(protocol: str) -> None:
    context = settings(security_protocol=protocol, **LOG_IN).client_options()["ssl_context"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("missing", LOG_IN)
def test_half_a_log_in_is_refused(missing: str) -> None:
    with pytest.raises(ValidationError, match="SASL_SSL needs"):
        settings(security_protocol="SASL_SSL", **LOG_IN | {missing: None})


@pytest.mark.parametrize("prefix", ["a b", "ä", "x/y"])
def test_a_prefix_that_kafka_does_not_take_is_refused(prefix: str) -> None:
    with pytest.raises(ValidationError):
        settings(topic_prefix=prefix)


def test_names_carry_the_prefix() -> None:
    kafka = settings(topic_prefix="street.")
    assert full_topic(kafka, "linli.issues") == "street.linli.issues"
    assert plain_topic(kafka, "street.linli.issues") == "linli.issues"
    assert group_name(kafka, "notify") == "street.linli.notify"
    assert dead_topic("notify") == "linli.notify.dead"
