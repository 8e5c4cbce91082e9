"""The contract of every provider, and what its class says about an answer that never came.

- idempotent: the same token gives the first result and no second message, so what is unknown is sent again;
- queryable: what is unknown is asked for before it is sent again;
- blind: what is unknown stays so, or is sent again at the risk of a visible duplicate, by the rule.

Only the first class exists so far; the others bring their own way of settling.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from services.notify.domain.contacts import Channel


class ProviderClass(StrEnum):
    """What may be done when no answer came."""

    IDEMPOTENT = "idempotent"
    QUERYABLE = "queryable"
    BLIND = "blind"


class Result(StrEnum):
    """What one attempt came to; `unknown` means that bytes left and no answer says what became of them."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out. The address appears in no representation, so in no log or error."""

    token: str
    address: str = field(repr=False)
    content: dict[str, str] = field(repr=False)
    template: str | None
    language: str
    attempt: int
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said of one message; `retry_after` in seconds, when it named a time."""

    result: Result
    code: str | None = None
    provider_id: str | None = None
    retry_after: float | None = None


class Provider(Protocol):
    """Somebody who carries messages of one channel."""

    @property
    def name(self) -> str:
        """The name under which attempts are recorded."""
        ...

    @property
    def channel(self) -> Channel:
        """The channel it serves."""
        ...

    @property
    def kind(self) -> ProviderClass:
        """What it promises about repeats."""
        ...

    @property
    def most(self) -> int:
        """How many messages one call takes."""
        ...

    async def submit(self, messages: Sequence[Outgoing]) -> Sequence[Answer]:
        """Hand messages over and answer for each, in order; failures are answers, not exceptions."""
        ...
