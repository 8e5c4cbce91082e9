"""When people may be disturbed, and of what they want to hear: quiet hours, and what nobody can decline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.notify.domain.urgency import Urgency


class InQuietHours(StrEnum):
    """What a rule wants of an ordinary message that is planned in somebody's quiet hours.

    One that waits and would be too late at their end is given up; `wait-or-tell` is then told at once.
    """

    WAIT = "wait"
    WAIT_OR_TELL = "wait-or-tell"
    TELL = "tell"


class QuietHours(NamedTuple):
    """From when until when, by the community's clocks, what is not urgent waits; equal times mean never."""

    start: time
    end: time

    def hold(self, clock: time) -> bool:
        """Tell whether a time of the day lies in them; they are half open and may pass midnight."""
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def ending(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Give in UTC when the quiet hours end in which a moment lies; None for a moment outside."""
        local = moment.astimezone(zone)
        clock = local.time()
        if not self.hold(clock):
            return None
        day = local.date() if clock < self.end else local.date() + timedelta(days=1)
        ends = datetime.combine(day, self.end, zone)
        found = ends.astimezone(UTC)
        # Where clocks are set back, an hour of the night comes twice: its second pass ends with its second.
        return found if found > moment else ends.replace(fold=1).astimezone(UTC)


NEVER = QuietHours(time(0), time(0))


@dataclass(frozen=True, slots=True)
class Customs:
    """What holds in a community where a person has said nothing else.

    `any_time` are categories that ignore quiet hours, `always_told` those that nobody can decline.
    """

    quiet: QuietHours
    any_time: frozenset[str]
    always_told: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person has said; without `quiet` the community's quiet hours are theirs too."""

    quiet: QuietHours | None
    declined: frozenset[str]
    any_time: frozenset[str]


NO_CUSTOMS = Customs(NEVER, frozenset(), frozenset())


def customs_from(content: Mapping[str, Any]) -> Customs:
    """Read a community's customs from their stored content, whose shape was checked when it was published."""
    return Customs(
        hours_from(content["quiet_hours"]) or NEVER,
        frozenset(content.get("any_time", ())),
        frozenset(content.get("always_told", ())),
    )


def hours_from(written: Mapping[str, str] | None) -> QuietHours | None:
    """Read quiet hours as they are written, `{starts: "22:00", ends: "07:00"}`."""
    if written is None:
        return None
    return QuietHours(time.fromisoformat(written["starts"]), time.fromisoformat(written["ends"]))


def declined(category: str, urgency: Urgency, wishes: Wishes | None, customs: Customs) -> bool:
    """Tell whether a person does not want this message, and may decline it: an emergency reaches all."""
    if wishes is None or category not in wishes.declined:
        return False
    return urgency < Urgency.EMERGENCY and category not in customs.always_told


def quiet_hours_for(
    category: str, urgency: Urgency, wishes: Wishes | None, customs: Customs
) -> QuietHours | None:
    """Give the quiet hours that a message must respect; None when it may come at any time."""
    if urgency >= Urgency.URGENT or category in customs.any_time:
        return None
    if wishes is None:
        return customs.quiet
    if category in wishes.any_time:
        return None
    return wishes.quiet or customs.quiet


@dataclass(frozen=True, slots=True)
class Wait:
    """What quiet hours make of a message: it goes at once, waits until `until`, or is `lost` to them."""

    until: datetime | None = None
    lost: bool = False


NO_WAIT = Wait()


def waiting(how: InQuietHours, ending: datetime | None, deadline: datetime) -> Wait:
    """Decide on a message whose quiet hours end at `ending` (None: it is planned outside of them)."""
    if ending is None or how is InQuietHours.TELL:
        return NO_WAIT
    if ending < deadline:
        return Wait(until=ending)
    return NO_WAIT if how is InQuietHours.WAIT_OR_TELL else Wait(lost=True)


@dataclass(frozen=True, slots=True)
class Spared:
    """The quiet hours that one message respects whenever it is tried, and what its rule wants in them."""

    how: InQuietHours
    quiet: QuietHours
    zone: str

    def __str__(self) -> str:
        return f"{self.how} {self.quiet.start} {self.quiet.end} {self.zone}"

    def wait(self, now: datetime, deadline: datetime) -> Wait:
        """Decide on the message now."""
        return waiting(self.how, self.quiet.ending(now, ZoneInfo(self.zone)), deadline)


@lru_cache(maxsize=256)
def spared_from(written: str) -> Spared:
    """Read what `str` has written of it."""
    how, start, end, zone = written.split(" ")
    return Spared(InQuietHours(how), QuietHours(time.fromisoformat(start), time.fromisoformat(end)), zone)
