"""Where the register's topic is, by the same variables as every service's."""

from pydantic import BaseModel
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.settings import KafkaSettings


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", env_prefix="KAFKA_", env_ignore_empty=True)

    bootstrap_servers: str | None = None
    security_protocol: str | None = None
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = None
    ssl_cafile: str | None = None
    topic_prefix: str | None = None


def kafka_settings() -> KafkaSettings | None:
    """KAFKA_BOOTSTRAP_SERVERS and its like; None without it; raises pydantic's ValidationError."""
    environment: BaseModel = _Environment()
    given = environment.model_dump(exclude_none=True)
    return KafkaSettings.model_validate(given) if "bootstrap_servers" in given else None
