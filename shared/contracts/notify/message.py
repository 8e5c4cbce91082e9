"""How a message ended: the only thing that leaves the service which knows phone numbers."""

from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import About, Code, Instant, PersonId


class MessageDelivered(Fact, event_type="linli.notify.message-delivered.v1", subject="message"):
    """A message reached a person's phone, by the provider's receipt."""

    message: UUID = Field(description="The message.")
    person: PersonId = Field(description="Whom it reached.")
    channel: Code = Field(description="By which way: sms, push, …")
    category: Code = Field(description="The message's category, on which people set their preferences.")
    about: About | None = Field(default=None, description="The thing it was about.")
    at: Instant = Field(description="When it was delivered.")


class MessageFailed(Fact, event_type="linli.notify.message-failed.v1", subject="message"):
    """A message will not reach a person: refused for good, undeliverable, or its deadline passed."""

    message: UUID = Field(description="The message.")
    person: PersonId = Field(description="Whom it did not reach.")
    channel: Code = Field(description="By which way it was last tried: sms, push, …")
    category: Code = Field(description="The message's category, on which people set their preferences.")
    about: About | None = Field(default=None, description="The thing it was about.")
    reason: Code = Field(description="Why: expired, rejected, unreachable, no-contact, …")
    at: Instant = Field(description="When it was given up.")
