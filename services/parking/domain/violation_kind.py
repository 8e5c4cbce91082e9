"""What must not be done in a compound, and what is tried then: kinds with their steps, as versioned data.

The owner is told when a violation opens; the steps are what follows while the car still stands there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

MOST_STEPS = 9
LONGEST_MINUTES = 7 * 24 * 60
QUIET_ZONE = "quiet-zone"
"""The kind that the quiet hours of a zone decide, where the look names the zone."""


class WrongStepsError(ValueError):
    """Steps that could not be taken in their order."""


class UnknownKindError(LookupError):
    """The compound has no such kind of violation, or has switched it off."""


class Action(StrEnum):
    """What is done; `tell` is the first notice and never a step of a kind."""

    tell = "tell"
    tell_again = "tell-again"
    ask_person = "ask-person"
    street_office = "street-office"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `after_minutes` from when the step before has had its time.

    `within_minutes` is the time that a person who is asked has; other actions take none.
    """

    action: Action
    after_minutes: int
    within_minutes: int = 0

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.after_minutes)

    @property
    def within(self) -> timedelta:
        return timedelta(minutes=self.within_minutes)


@dataclass(frozen=True, slots=True)
class Kind:
    """One version of a kind in a compound, 0 being what ships; a violation keeps the steps it began with."""

    name: str
    version: int
    enabled: bool
    steps: tuple[Step, ...]
    effective_from: datetime | None = None


def check_steps(steps: Sequence[Step]) -> None:
    """Refuse steps that contradict themselves; raises WrongStepsError.

    One person is asked at most, so that whatever becomes of the task belongs to that step alone.
    """
    actions = [step.action for step in steps]
    if len(steps) > MOST_STEPS:
        raise WrongStepsError(f"at most {MOST_STEPS} steps")
    if Action.tell in actions:
        raise WrongStepsError("the first notice is no step: it is given when the violation opens")
    if actions.count(Action.ask_person) > 1:
        raise WrongStepsError("one step at most asks a person")
    if Action.street_office in actions[:-1]:
        raise WrongStepsError("the street office is the last step")
    for step in steps:
        if not 0 <= step.after_minutes <= LONGEST_MINUTES or not 0 <= step.within_minutes <= LONGEST_MINUTES:
            raise WrongStepsError(f"minutes are 0 to {LONGEST_MINUTES}")
        if (step.within_minutes > 0) != (step.action is Action.ask_person):
            raise WrongStepsError("a person who is asked has time within which to look, and nobody else has")


def steps_from(data: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Read steps as they are stored."""
    return tuple(
        Step(Action(each["action"]), each["after_minutes"], each.get("within_minutes", 0)) for each in data
    )


def steps_data(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Write steps as they are stored."""
    return [
        {
            "action": step.action.value,
            "after_minutes": step.after_minutes,
            "within_minutes": step.within_minutes,
        }
        for step in steps
    ]


def kinds_at(versions: Iterable[Kind], now: datetime) -> dict[str, Kind]:
    """The kinds in force: of each the latest begun, of two with one date the newer, else what ships."""
    found = dict(SHIPPED)
    begun = [kind for kind in versions if kind.effective_from is not None and kind.effective_from <= now]
    for kind in sorted(begun, key=lambda kind: (kind.effective_from, kind.version)):
        found[kind.name] = kind
    return found


def enabled_kind(kinds: Mapping[str, Kind], name: str) -> Kind:
    """Give a kind that is in force; raises UnknownKindError."""
    kind = kinds.get(name)
    if kind is None or not kind.enabled:
        raise UnknownKindError(f"the compound has no kind of violation called {name}")
    return kind


def _shipped(name: str, again: int, ask: int, within: int, office: int | None) -> Kind:
    steps = [Step(Action.tell_again, again), Step(Action.ask_person, ask, within)]
    if office is not None:
        steps.append(Step(Action.street_office, office))
    return Kind(name, 0, enabled=True, steps=tuple(steps))


SHIPPED: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        _shipped("fire-lane", again=5, ask=5, within=15, office=5),
        _shipped("exit-blocked", again=3, ask=3, within=10, office=5),
        _shipped("two-bays", again=30, ask=60, within=120, office=None),
        _shipped(QUIET_ZONE, again=10, ask=20, within=60, office=60),
    )
}
"""The kinds every compound begins with."""
