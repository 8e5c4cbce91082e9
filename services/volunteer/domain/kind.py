"""What a kind of task asks for: rules as data, kept with each task as they were when it was opened."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class TwoPersons(StrEnum):
    """When nobody goes alone."""

    never = "never"
    first_visit = "first-visit"
    always = "always"


class Confirmation(StrEnum):
    """Whose word ends a task: the code of the one who was helped, staff, or the volunteer's own."""

    code = "code"
    staff = "staff"
    own = "own"


class WrongKindError(ValueError):
    """The rules of a kind of task make no sense."""


@dataclass(frozen=True, slots=True)
class KindRules:
    """The rules of one kind.

    `who` are the capacities that may take it, `skills` all of which are needed; `hours` are the local hours
    of the day between which it is done, half open; `minutes` is the usual effort, `window_minutes` how long a
    task without a time of its own stays open; `categories` are the cases and violations of other services
    that become such a task.
    `ask` is how many are picked and asked at a time for each free place (none: it is on the board alone),
    `answer_seconds` how long their answer is waited for, `again_minutes` after how long who did not answer is
    asked again, `offers_an_hour` how often anybody may be asked, whatever the task.
    `dispute_hours` is how long after its end a completion can be disputed, or confirmed by a relative's link.
    """

    who: tuple[str, ...]
    places: int = 1
    skills: tuple[str, ...] = ()
    two_persons: TwoPersons = TwoPersons.never
    hours: tuple[int, int] = (0, 24)
    minutes: int = 30
    window_minutes: int = 240
    confirmation: Confirmation = Confirmation.code
    categories: tuple[str, ...] = ()
    ask: int = 3
    answer_seconds: int = 120
    again_minutes: int = 60
    offers_an_hour: int = 4
    dispute_hours: int = 72
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if not self.who:
            raise WrongKindError("somebody must be able to take it")
        if not 0 <= self.hours[0] < self.hours[1] <= 24:
            raise WrongKindError("hours are two hours of one day, the earlier first")
        if self.minutes > self.window_minutes:
            raise WrongKindError("the window is longer than the effort")

    def checked(self, *, from_events: bool) -> "KindRules":
        """The rules, if tasks of them can end; raises WrongKindError.

        Tasks that arise from events, by their category or `from_events`, are for nobody who could say a code.
        """
        if (from_events or self.categories) and self.confirmation is Confirmation.code:
            raise WrongKindError(
                "what arises from a case or violation is confirmed by staff, or one's own word"
            )
        return self

    def places_for(self, *, first_visit: bool, never_alone: bool) -> tuple[int, bool]:
        """How many are needed, and whether nobody may go alone."""
        two = never_alone or self.two_persons is TwoPersons.always
        two = two or (first_visit and self.two_persons is TwoPersons.first_visit)
        return (max(self.places, 2) if two else self.places), two

    def midnight(self, now: datetime) -> datetime:
        """When the local day began."""
        return now.astimezone(ZoneInfo(self.zone)).replace(hour=0, minute=0, second=0, microsecond=0)

    def in_hours(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether all of a time lies in the hours of one local day."""
        if self.hours == (0, 24):
            return True
        midnight = self.midnight(starts_at)
        first, last = (midnight + timedelta(hours=hour) for hour in self.hours)
        return first <= starts_at and ends_at <= last


def rules_from(written: Mapping[str, Any]) -> KindRules:
    """Read rules from their stored form, whose shape was checked on its way in; raises WrongKindError."""
    given = dict(written)
    for name in ("who", "skills", "hours", "categories"):
        if name in given:
            given[name] = tuple(given[name])
    if "two_persons" in given:
        given["two_persons"] = TwoPersons(given["two_persons"])
    if "confirmation" in given:
        given["confirmation"] = Confirmation(given["confirmation"])
    return KindRules(**given)


def rules_written(rules: KindRules) -> dict[str, Any]:
    """The stored form of rules."""
    return asdict(rules)
