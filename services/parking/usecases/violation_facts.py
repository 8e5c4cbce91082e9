"""Violations in the words of the contracts: masked plates, the household, and who is to hear."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.parking.domain.plate import masked
from services.parking.domain.violation import Course, OwnCarError
from services.parking.domain.violation_kind import Action
from services.parking.store.violations import Violation
from services.parking.usecases.stay_facts import told
from shared.contracts import Assignee, Fact, ViolationCleared, ViolationEscalated, ViolationOpened
from shared.database.work import Work

Persons = Mapping[UUID, tuple[str, ...]]
"""Who lives in a household, by its id."""
MOST_OWNERS = 64


def owners_of(violation: Violation, persons: Persons) -> tuple[str, ...]:
    """Who answers for the car: its household, else the contact of a visitor's pass."""
    if violation.household is not None:
        return persons.get(violation.household, ())
    return () if violation.contact is None else (violation.contact,)


def check_not_own(violation: Violation, persons: Persons, person: str) -> None:
    """Refuse the word of those whose car it is; raises OwnCarError."""
    if person in owners_of(violation, persons):
        raise OwnCarError("the household or host of a car cannot say that it has gone: somebody else looks")


def tell_opened(work: Work, violation: Violation, persons: Persons, traceparent: str | None = None) -> None:
    """Say that a car must move; its version is the first one."""
    fact = ViolationOpened(
        opened_at=violation.opened_at, told=_told(violation), **_violation(violation, persons)
    )
    _say(work, violation, fact, traceparent)


def tell_stepped(
    work: Work, violation: Violation, course: Course, persons: Persons, traceparent: str | None = None
) -> Violation:
    """Say that the next step was taken; gives the violation as it now stands."""
    now = replace(violation, course=course, version=violation.version + 1)
    office = course.action is Action.street_office
    fact = ViolationEscalated(
        step=course.step,
        action=_escalation(course.action),
        told=Assignee(role="street", place=now.community) if office else _told(now),
        escalated_at=work.now,
        due_at=course.asked_until,
        **_violation(now, persons),
    )
    _say(work, now, fact, traceparent)
    return now


def tell_cleared(
    work: Work, violation: Violation, course: Course, persons: Persons, traceparent: str | None = None
) -> Violation:
    """Say that it is over; gives the violation as it now stands."""
    now = replace(violation, course=course, version=violation.version + 1)
    fact = ViolationCleared(
        outcome=_known(course.outcome).value,
        cleared_at=_known(course.cleared_at),
        told=_told(now),
        **_violation(now, persons),
    )
    _say(work, now, fact, traceparent)
    return now


def _told(violation: Violation) -> Assignee | None:
    """Who hears besides the household; of a car of no household it is the same as of an overstay."""
    if violation.household is not None:
        return None
    return told(violation.compound, violation.contact)


def _say(work: Work, violation: Violation, fact: Fact, traceparent: str | None) -> None:
    work.emit(fact, sequence=violation.version, community=violation.community, traceparent=traceparent)


def _violation(violation: Violation, persons: Persons) -> dict[str, Any]:
    return {
        "violation": violation.id,
        "place": violation.compound,
        "kind": violation.kind,
        "masked_plate": masked(violation.plate),
        "household": violation.household,
        "owners": () if violation.household is None else persons.get(violation.household, ())[:MOST_OWNERS],
    }


def _escalation(action: Action) -> Any:
    if action is Action.tell:
        raise ValueError("the first notice is no escalation")
    return action.value


def _known(value: datetime | Any | None) -> Any:
    if value is None:
        raise ValueError("what is over has an outcome and a time")
    return value
