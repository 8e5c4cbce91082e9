"""What a rule says: on which event, under which conditions, who is told what, how, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Any
from uuid import UUID

from services.notify.domain.audience import Selector, SelectorKind
from services.notify.domain.conditions import Condition, condition
from services.notify.domain.contacts import Channel
from services.notify.domain.intents import rule_id


class Urgency(IntEnum):
    """Which message goes first; quiet hours will spare the ordinary ones only."""

    ORDINARY = 0
    URGENT = 1
    EMERGENCY = 2


URGENCY_NAMES = {urgency.name.lower(): urgency for urgency in Urgency}


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule, compiled.

    `entry` is the version's row. `major` changes when the rule comes to mean something else, so that whoever
    was told under the old meaning may be told again. `channels` are tried in order: the first a person has.
    """

    entry: UUID
    name: str
    id: UUID
    major: int
    event: str
    enabled: bool
    conditions: Sequence[Condition]
    recipients: Sequence[Selector]
    category: str
    urgency: Urgency
    urgent_when: Sequence[Condition]
    channels: tuple[Channel, ...]
    time_to_live: timedelta
    template: str

    def matches(self, data: object) -> bool:
        """Tell whether every condition holds; a rule without conditions always does."""
        return all(condition.holds(data) for condition in self.conditions)

    def urgency_of(self, data: object) -> Urgency:
        """Give the rule's urgency, raised to urgent by what the event says of itself."""
        if self.urgent_when and all(condition.holds(data) for condition in self.urgent_when):
            return max(self.urgency, Urgency.URGENT)
        return self.urgency


def rule_from(entry: UUID, name: str, content: Mapping[str, Any]) -> Rule:
    """Compile a rule from its stored content, whose shape was checked when it was published."""
    return Rule(
        entry=entry,
        name=name,
        id=rule_id(name),
        major=content.get("major", 1),
        event=content["event"],
        enabled=content.get("enabled", True),
        conditions=_conditions(content.get("conditions", ())),
        recipients=tuple(_selector(recipient) for recipient in content["recipients"]),
        category=content["category"],
        urgency=URGENCY_NAMES[content.get("urgency", "ordinary")],
        urgent_when=_conditions(content.get("urgent_when", ())),
        channels=tuple(Channel(channel) for channel in content["channels"]),
        time_to_live=timedelta(minutes=content["time_to_live_minutes"]),
        template=content["template"],
    )


def _conditions(written: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(condition(each["field"], each.get("one_of") or (each.get("equals"),)) for each in written)


def _selector(written: Mapping[str, Any]) -> Selector:
    path = tuple(written["field"].split("."))
    return Selector(SelectorKind(written["kind"]), path, written.get("role"))
