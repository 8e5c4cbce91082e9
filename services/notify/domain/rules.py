"""What a rule says: on which event, under which conditions, who is told what, how, and until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.notify.domain.audience import OnDuty, Selector, SelectorKind
from services.notify.domain.conditions import Condition, all_hold, condition, value_at
from services.notify.domain.contacts import Channel
from services.notify.domain.intents import rule_id
from services.notify.domain.preferences import InQuietHours
from services.notify.domain.urgency import URGENCY_NAMES, Urgency


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule, compiled.

    `entry` is the version's row. `major` changes when the rule comes to mean something else, so that
    whoever was told under the old meaning may be told again. `channels` are tried in order: the first a
    person has. `lives_from` leads to the time in the event from which its time to live counts, where that
    is not the event's own because it may be said long after it was so. `not_after` leads to one after
    which a message is of no use. `withdraws` names rules: what they said on earlier events of the same
    thing is untrue now. A rule without recipients does only that. Who is among `not_to` hears something else
    of the event, and not this.
    """

    entry: UUID
    name: str
    id: str
    major: int
    event: str
    enabled: bool
    conditions: Sequence[Condition]
    recipients: Sequence[Selector]
    not_to: Sequence[Selector]
    category: str
    urgency: Urgency
    urgent_when: Sequence[Condition]
    channels: tuple[Channel, ...]
    time_to_live: timedelta
    lives_from: tuple[str, ...]
    not_after: tuple[str, ...]
    in_quiet_hours: InQuietHours
    template: str | None
    withdraws: tuple[str, ...]

    def matches(self, data: object) -> bool:
        """Tell whether every condition holds; a rule without conditions always does."""
        return all_hold(self.conditions, data)

    def urgency_of(self, data: object) -> Urgency:
        """Give the rule's urgency, raised to urgent by what the event says of itself."""
        if self.urgent_when and all_hold(self.urgent_when, data):
            return max(self.urgency, Urgency.URGENT)
        return self.urgency

    def deadline_of(self, time: datetime, data: object) -> datetime:
        """Give when a message of an event is given up: after the rule's time, or when the event says."""
        latest = value_at(data, self.not_after) if self.not_after else None
        said = value_at(data, self.lives_from) if self.lives_from else None
        deadline = (said or time) + self.time_to_live
        return min(deadline, latest) if latest is not None else deadline


def rule_from(entry: UUID, name: str, content: Mapping[str, Any]) -> Rule:
    """Compile a rule from its stored content, whose shape was checked when it was published."""
    return Rule(
        entry=entry,
        name=name,
        id=str(rule_id(name)),
        major=content.get("major", 1),
        event=content["event"],
        enabled=content.get("enabled", True),
        conditions=_conditions(content.get("conditions", ())),
        recipients=tuple(_selector(recipient) for recipient in content.get("recipients", ())),
        not_to=tuple(_selector(recipient) for recipient in content.get("not_to", ())),
        category=content.get("category") or "",
        urgency=URGENCY_NAMES[content.get("urgency", "ordinary")],
        urgent_when=_conditions(content.get("urgent_when", ())),
        channels=tuple(Channel(channel) for channel in content.get("channels", ())),
        time_to_live=timedelta(minutes=content.get("time_to_live_minutes") or 0),
        lives_from=_path(content["time_to_live_from"]) if content.get("time_to_live_from") else (),
        not_after=_path(content["not_after"]) if content.get("not_after") else (),
        in_quiet_hours=InQuietHours(content.get("in_quiet_hours", InQuietHours.WAIT)),
        template=content.get("template"),
        withdraws=tuple(content.get("withdraws", ())),
    )


def _conditions(written: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(condition(each["field"], each.get("one_of") or (each.get("equals"),)) for each in written)


def _selector(written: Mapping[str, Any]) -> Selector:
    on_duty = OnDuty(written["on_duty"]) if written.get("on_duty") else None
    kind, path = SelectorKind(written["kind"]), _path(written["field"])
    return Selector(kind, path, written.get("role"), on_duty, written.get("rule"))


def _path(dotted: str) -> tuple[str, ...]:
    return tuple(dotted.split("."))
