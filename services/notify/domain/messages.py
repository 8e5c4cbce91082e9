"""A message as it is planned: who hears of what, by which rule and channel, in which words, until when."""

from datetime import datetime
from typing import Any, NamedTuple, TypedDict
from uuid import UUID


class Heading(TypedDict):
    """What the messages of one rule on one producer's events have in common, as it travels: once a chunk."""

    community: UUID
    event_source: str
    event_type: str
    about_type: str | None
    rule_entry: UUID
    template_entry: UUID | None
    category: str


class Planned(TypedDict):
    """One recipient by one channel; as it travels to the database, because planning makes thousands of them.

    `id` is the key of its intent, `heading` the number of its heading, from 1. Without a channel nobody could
    be reached, and `reason` says why.
    """

    id: UUID
    heading: int
    event_id: UUID
    event_time: datetime
    about_id: UUID | None
    person: str
    urgency: int
    channel: str | None
    language: str | None
    content: dict[str, Any] | None
    segments: int | None
    encoding: str | None
    state: str
    rank: int
    reason: str | None
    deadline: datetime
    traceparent: str | None
    event_sequence: int
    held_until: datetime | None
    quiet_hours: str | None


class Subject(NamedTuple):
    """What an outcome says of the message it is about."""

    id: UUID
    community: UUID
    person: str
    channel: str | None
    category: str
    about_type: str | None
    about_id: UUID | None


NO_CONTACT = "no-contact"
NO_CHANNEL = "no-channel"
NO_TEXT = "no-text"
DECLINED = "declined"
SEALED = "number-sealed"
"""Why a message was suppressed: nothing is known of the person, not the rule's channels, not in words; or the
person does not want such messages; or no key opens the number."""

QUIET_HOURS = "quiet-hours"
"""Why a message is held, or was given up because it would be too late at their end."""

WITHDRAWN = "withdrawn"
"""Why a message was cancelled: a later event of the same thing made it untrue."""
