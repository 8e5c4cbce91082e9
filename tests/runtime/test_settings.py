"""Settings: what is missing is said by name, with an example, and no secret is quoted."""

from typing import Any

import pytest

from shared.runtime.settings import (
    MigrationSettings,
    ServiceSettings,
    WrongSettings,
    example_settings,
    read_settings,
)

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://linli_request:hidden@database:5432/linli_parking",
    "DATABASE_SYSTEM_URL": "postgresql://linli_system:hidden@database:5432/linli_parking",
    "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
    "OIDC_ISSUER": "https://id.example.org",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ServiceSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_four_variables_are_enough() -> None:
    settings = read_settings(ServiceSettings)
    assert settings.kafka.bootstrap_servers == "broker:9092"
    assert settings.kafka.security_protocol == "PLAINTEXT"
    assert settings.oidc_audience == "linli"


@pytest.mark.parametrize("missing", ENVIRONMENT)
def test_a_missing_variable_is_named_with_an_example(environment: pytest.MonkeyPatch, missing: str) -> None:
    environment.delenv(missing)
    with pytest.raises(WrongSettings, match=f"{missing} .* is not set; for example {missing}="):
        read_settings(ServiceSettings)


def test_all_that_is_missing_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        environment.delenv(name)
    with pytest.raises(WrongSettings) as caught:
        read_settings(ServiceSettings)
    assert [name for name in ENVIRONMENT if f"  {name} (" in str(caught.value)] == list(ENVIRONMENT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "mysql://root:hidden@database"),
        ("KAFKA_SECURITY_PROTOCOL", "PLAIN"),
    ],
)
def test_a_wrong_value_is_named_and_no_secret_quoted(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(WrongSettings, match=f"{name}.* is wrong: ") as caught:
        read_settings(ServiceSettings)
    assert "hidden" not in str(caught.value)


def test_half_a_log_in_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(WrongSettings, match="SASL_SSL needs a SASL mechanism"):
        read_settings(ServiceSettings)


def test_a_variable_set_to_nothing_is_not_set(environment: pytest.MonkeyPatch) -> None:
    for name in ("CLOCK_FILE", "CONSUMER_SLOT", "OIDC_JWKS_URL", "KAFKA_SASL_MECHANISM"):
        environment.setenv(name, "")
    settings = read_settings(ServiceSettings)
    assert (settings.clock_file, settings.consumer_slot, settings.oidc_jwks_url) == (None, None, None)


def test_the_owner_of_the_tables_is_for_migrations_only(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongSettings, match="DATABASE_OWNER_URL"):
        read_settings(MigrationSettings)
    environment.setenv("DATABASE_OWNER_URL", "postgresql://linli_owner:x@database/linli_parking")
    assert read_settings(MigrationSettings).database_owner_url.endswith("linli_parking")
    assert "database_owner_url" not in ServiceSettings.model_fields


@pytest.mark.usefixtures("environment")
def test_secrets_do_not_show_in_what_is_printed() -> None:
    given: dict[str, Any] = {
        "kafka_security_protocol": "SASL_PLAINTEXT",
        "kafka_sasl_mechanism": "PLAIN",
        "kafka_sasl_username": "linli",
        "kafka_sasl_password": "hidden",
    }
    assert "hidden" not in repr(read_settings(ServiceSettings, **given))


def test_the_examples_make_whole_settings(environment: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        environment.delenv(name)
    assert example_settings(ServiceSettings).kafka_bootstrap_servers
