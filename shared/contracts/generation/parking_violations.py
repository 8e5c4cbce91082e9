"""Examples of a car that must move: told, told again, a guard asked, the street office, gone."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.contracts.generation.neighbourhood import (
    COMMUNITY,
    COMPOUND,
    HOUSEHOLD,
    MORNING,
    RESIDENT,
    example,
    made_id,
)
from shared.contracts.generation.record import Example
from shared.contracts.issues.case import Assignee
from shared.contracts.parking.violation import ViolationCleared, ViolationEscalated, ViolationOpened


def violations() -> Iterator[Example]:
    """Two cars: one of a household, and a visitor's."""
    again, asked, until, office, gone = (
        datetime.fromisoformat(f"2026-03-02T{at}+08:00")
        for at in ("08:25:30", "08:35:30", "08:55:30", "09:00:30", "08:49:12")
    )
    car: dict[str, Any] = {"violation": made_id("violation"), "place": COMPOUND, "kind": "fire-lane"}
    owned: dict[str, Any] = car | {
        "masked_plate": "浙L·**123",
        "household": HOUSEHOLD,
        "owners": (RESIDENT, "p-2be4470d"),
    }
    visiting: dict[str, Any] = car | {
        "violation": made_id("visitor's violation"),
        "kind": "exit-blocked",
        "masked_plate": "浙B·**668",
        "told": Assignee(person=RESIDENT),
    }
    guards, street = Assignee(role="guard", place=COMPOUND), Assignee(role="street", place=COMMUNITY)
    yield example("A household's car in the fire lane", ViolationOpened(opened_at=MORNING, **owned))
    yield example("A visitor's car: the host hears", ViolationOpened(opened_at=MORNING, **visiting))
    unknown = ViolationOpened(opened_at=MORNING, **visiting | {"told": guards})
    yield example("A car nobody knows: the guards hear", unknown)
    steps = (
        ("It still stands there: told again", {"step": 1, "action": "tell-again", "escalated_at": again}),
        ("And again: a person is asked", {"step": 2, "action": "ask-person", "escalated_at": asked}),
        ("Nobody looked", {"step": 3, "action": "street-office", "escalated_at": office, "told": street}),
    )
    for number, (summary, step) in enumerate(steps, start=2):
        due = {"due_at": until} if step["action"] == "ask-person" else {}
        fact = ViolationEscalated(**owned | step | due)
        yield example(summary, fact, sequence=number, time=fact.escalated_at)
    moved = ViolationCleared(outcome="moved", cleared_at=gone, **owned)
    mistaken = ViolationCleared(outcome="not-a-violation", cleared_at=again, **visiting)
    yield example("The guard found it gone", moved, sequence=4, time=gone)
    yield example("It was unloading, with leave", mistaken, sequence=2, time=again)
