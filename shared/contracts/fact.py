"""What may cross a border: a fact is an immutable statement about one thing, in the past tense."""

import re
from typing import Any, ClassVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict

EVENT_TYPE = re.compile(r"linli\.(?P<service>[a-z]+)\.[a-z]+(?:-[a-z]+)+\.v(?P<version>[1-9][0-9]*)")

FACTS: dict[str, type["Fact"]] = {}
"""Every fact by its event type; complete once `shared.contracts` is imported."""


class Part(BaseModel):
    """A value inside a fact, with fields of its own."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class Fact(BaseModel):
    """The data of one event; its class keywords say under which type and topic it goes out, and its key."""

    # Unknown fields are ignored, so that a reader built last year reads what is written today. Inputs stay
    # out of error texts, because those end in logs and dead-letter records.
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)

    event_type: ClassVar[str]
    topic: ClassVar[str]
    subject_field: ClassVar[str]
    producer: ClassVar[str]
    type_version: ClassVar[int]

    @classmethod
    def __init_subclass__(cls, *, event_type: str, subject: str, topic: str | None = None, **_: Any) -> None:
        named = EVENT_TYPE.fullmatch(event_type)
        if named is None:
            raise TypeError(f"{event_type} is not linli.<service>.<noun>-<past participle>.v<number>")
        cls.event_type = event_type
        cls.producer = named["service"]
        cls.type_version = int(named["version"])
        cls.topic = topic or f"linli.{cls.producer}"
        cls.subject_field = subject

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if cls.subject_field not in cls.model_fields:
            raise TypeError(f"{cls.__name__} has no field {cls.subject_field} to be its subject")
        if cls.event_type in FACTS:
            raise TypeError(f"{cls.event_type} is declared twice")
        FACTS[cls.event_type] = cls

    @property
    def subject(self) -> str:
        """The aggregate's id as text: the CloudEvents subject and the Kafka record's key."""
        return str(getattr(self, self.subject_field))

    def written(self) -> bytes:
        """Give the data as it goes out."""
        return written(self.__dict__)


def written(value: object) -> bytes:
    """Write what facts are made of as JSON, in half the time of pydantic; times are written in UTC."""
    return orjson.dumps(value, _part, orjson.OPT_UTC_Z)


def _part(value: object) -> object:
    """What orjson leaves to us: values with fields of their own, and asyncpg's subclass of UUID."""
    return str(value) if isinstance(value, UUID) else value.__dict__
