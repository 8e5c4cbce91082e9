"""One occurrence of a fact, the same for emitting and for reading."""

from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from shared.contracts.fact import Fact

F_co = TypeVar("F_co", bound=Fact, covariant=True)

SEQUENCE_DIGITS = 19
"""Width to which `sequence` is zero-padded on the wire: text order is then number order for any bigint."""


class Event(NamedTuple, Generic[F_co]):
    """A fact with its envelope: which, by whom, when (business time), where, and in which order.

    `sequence` is the aggregate's version after the change. `imported` marks recorded history, which informs
    projections but escalates nothing and sends nothing.
    """

    id: UUID
    source: str
    time: datetime
    community: UUID
    sequence: int
    data: F_co
    imported: bool = False
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The CloudEvents type, `linli.<service>.<noun>-<past participle>.v<number>`."""
        return self.data.event_type

    @property
    def subject(self) -> str:
        """The aggregate's id, which is also the record's key."""
        return self.data.subject

    @property
    def topic(self) -> str:
        """The topic without the deployment's prefix."""
        return self.data.topic
