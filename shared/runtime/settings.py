"""What a service reads from its environment, once; what is wrong with it is said variable by variable."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.settings import KafkaSettings, SaslMechanism, SecurityProtocol

S = TypeVar("S", bound=BaseSettings)

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def _or_nothing(value: Any) -> Any:
    """A variable that is set to nothing is not set: compose files pass them so."""
    return None if value == "" else value


Text = Annotated[str | None, BeforeValidator(_or_nothing)]
File = Annotated[Path | None, BeforeValidator(_or_nothing)]
PostgresUrl = Annotated[str, Field(pattern=r"^postgres(ql)?://\S+$", repr=False)]


class WrongSettings(ValueError):
    """The environment lacks or misspells something; the message lists each variable with an example."""


class ServiceSettings(BaseSettings):
    """The variables of every service; a service's own settings add theirs.

    Each has an example, from which the commands that touch no server (openapi) are run.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: PostgresUrl = Field(
        description="the role that row-level security binds",
        examples=["postgresql://linli_request:linli_request@127.0.0.1:5432/linli_parking"],
    )
    database_system_url: PostgresUrl = Field(
        description="the role that spans communities",
        examples=["postgresql://linli_system:linli_system@127.0.0.1:5432/linli_parking"],
    )
    database_pool_size: int = Field(8, description="connections for requests", ge=1, le=200)
    database_system_pool_size: int = Field(
        8, description="connections for all else; the relay has its own", ge=2, le=200
    )
    kafka_bootstrap_servers: str = Field(description="brokers", examples=["127.0.0.1:9092"], min_length=1)
    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[SaslMechanism | None, BeforeValidator(_or_nothing)] = None
    kafka_sasl_username: Text = None
    kafka_sasl_password: Annotated[SecretStr | None, BeforeValidator(_or_nothing)] = None
    kafka_ssl_cafile: Text = Field(None, description="file with the broker's certificate authority")
    kafka_topic_prefix: str = Field("", description="before every topic's name")
    consumer_slot: Text = Field(
        None, description="static membership; two processes with the same fence each other"
    )
    oidc_issuer: str = Field(
        description="who issues tokens", examples=["http://127.0.0.1:8100"], pattern=r"^https?://\S+$"
    )
    oidc_audience: str = Field("linli", description="for whom tokens must be")
    oidc_jwks_url: Text = Field(None, description="where the issuer's keys are, when discovery does not say")
    clock_file: File = Field(None, description="shared business time of demos and tests; unset in production")
    bind_host: str = Field("127.0.0.1", description="address to listen at")
    port: int = Field(8000, description="port to listen at; 0 takes a free one", ge=0, le=65535)
    log_level: Level = "INFO"
    otel_exporter_otlp_endpoint: Text = Field(None, description="where traces go; unset: nowhere")

    @model_validator(mode="after")
    def _kafka_is_whole(self) -> Self:
        try:
            self.kafka  # noqa: B018  its own checks are what is wanted
        except ValidationError as error:
            said = error.errors(include_url=False, include_input=False, include_context=False)[0]["msg"]
            raise ValueError(f"KAFKA_…: {said.removeprefix('Value error, ')}") from None
        return self

    @property
    def kafka(self) -> KafkaSettings:
        """The same as the messaging room takes it."""
        return KafkaSettings(
            bootstrap_servers=self.kafka_bootstrap_servers,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            sasl_username=self.kafka_sasl_username,
            sasl_password=self.kafka_sasl_password,
            ssl_cafile=self.kafka_ssl_cafile,
            topic_prefix=self.kafka_topic_prefix,
            consumer_slot=self.consumer_slot,
        )


class MigrationSettings(BaseSettings):
    """All that `migrate` needs: the owner's URL is not handed to serving processes."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_owner_url: PostgresUrl = Field(
        description="the role that owns the tables",
        examples=["postgresql://linli_owner:linli_owner@127.0.0.1:5432/linli_parking"],
    )


def read_settings(kind: type[S], **given: Any) -> S:
    """Reads the environment; what is given wins over it. Raises WrongSettings."""
    try:
        return kind(**given)
    except ValidationError as error:
        raise WrongSettings(_explained(kind, error)) from None  # the cause would quote passwords


def example_settings(kind: type[S]) -> S:
    """Settings made of the examples, for what describes a service without running it."""
    return kind(**{name: field.examples[0] for name, field in kind.model_fields.items() if field.examples})


def _explained(kind: type[BaseSettings], error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"  {_line(kind, each['loc'], each['type'], each['msg'])}" for each in wrong]
    return "\n".join(["The environment does not say all that is needed:", *lines])


def _line(kind: type[BaseSettings], place: tuple[int | str, ...], type_: str, said: str) -> str:
    said = said.removeprefix("Value error, ")
    if not place:
        return said
    name = str(place[0])
    field = kind.model_fields[name]
    about = f" ({field.description})" if field.description else ""
    example = f"; for example {name.upper()}={field.examples[0]}" if field.examples else ""
    return f"{name.upper()}{about} {'is not set' if type_ == 'missing' else f'is wrong: {said}'}{example}"
