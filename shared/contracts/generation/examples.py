"""Realistic examples of every fact, made by hand from one invented neighbourhood."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.contracts.fields import About
from shared.contracts.generation.case_deadlines import case_deadlines
from shared.contracts.generation.issues_life import case_lives
from shared.contracts.generation.neighbourhood import (
    BUILDING,
    CASE,
    COMMUNITY,
    COMPOUND,
    GRANT,
    GUARD,
    HOUSEHOLD,
    MORNING,
    RESIDENT,
    RIDER,
    UNIT,
    example,
    made_id,
)
from shared.contracts.generation.parking_registry import registry_changes
from shared.contracts.generation.parking_violations import violations
from shared.contracts.generation.record import Example
from shared.contracts.generation.task_disputes import task_disputes
from shared.contracts.issues.case import Assignee, IssueAssigned, IssueReported, IssueResolved
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.contracts.notify.message import MessageDelivered, MessageFailed
from shared.contracts.parking.stay import (
    OverstayRetracted,
    VehicleEntered,
    VehicleExited,
    VehicleOverstayed,
)
from shared.contracts.parking.vehicle import VehicleRegistered
from shared.contracts.volunteer.duty import DutyEnded, DutyStarted
from shared.contracts.volunteer.hours import HoursCredited
from shared.contracts.volunteer.offer import TaskOffered
from shared.contracts.volunteer.task import TaskClaimed, TaskCompleted, TaskExpired, TaskOpened
from shared.contracts.volunteer.volunteer import VolunteerRegistered


def _places() -> Iterator[Example]:
    community = PlaceRegistered(
        place=COMMUNITY, kind="community", name="临城社区", code="LC", zone="Asia/Shanghai"
    )
    compound = PlaceRegistered(place=COMPOUND, kind="compound", parent=COMMUNITY, name="合源小区", code="HY")
    building = PlaceRegistered(
        place=BUILDING, kind="building", parent=COMPOUND, name="合源小区12幢", code="HY-12"
    )
    unit = PlaceRegistered(place=UNIT, kind="unit", parent=BUILDING, floor_area_cm2=894_500)
    yield example("A community, with its time zone", community)
    yield example("A compound of that community", compound)
    yield example("A building, whose name was corrected", building, sequence=2)
    yield example("A unit: an id, its building and its floor area, no number", unit, traceparent=None)
    yield example("A unit that was merged with its neighbour", PlaceClosed(place=UNIT), sequence=2)


def _households() -> Iterator[Example]:
    household = HouseholdRegistered(household=HOUSEHOLD, unit=UNIT, persons=(RESIDENT, "p-2be4470d"))
    empty = HouseholdRegistered(household=made_id("nobody yet"), unit=made_id("other unit"), persons=())
    yield example("A household of two", household)
    yield example("A household of which no person is known yet", empty)
    yield example("A household that moved out", HouseholdEnded(household=HOUSEHOLD), sequence=2)


def _roles() -> Iterator[Example]:
    granted = RoleGranted(grant=GRANT, person=GUARD, role="guard", place=COMPOUND)
    revoked = RoleRevoked(grant=GRANT, person=GUARD, role="guard", place=COMPOUND)
    yield example("A guard of one compound", granted)
    yield example("The same guard has left", revoked, sequence=2)


def _cases() -> Iterator[Example]:
    due = datetime.fromisoformat("2026-03-02T10:15:30+08:00")
    long_ago = datetime.fromisoformat("2017-12-31T23:59:58-08:00")
    live = IssueReported(
        case=CASE,
        category="blocked-fire-lane",
        place=BUILDING,
        priority="urgent",
        state="reported",
        reporter=RIDER,
        reported_at=MORNING,
        due_at=due,
    )
    imported = IssueReported(
        case=made_id("imported case"),
        category="bulky-items",
        priority="ordinary",
        state="closed",
        reported_at=long_ago,
        closed_at=datetime.fromisoformat("2017-12-31T12:00:00-08:00"),
        flags=("closed-before-reported",),
    )
    looked_at = live.model_copy(
        update={
            "case": made_id("screened case"),
            "category": "neighbours-quarrel",
            "priority": "ordinary",
            "told": Assignee(role="dispatcher", place=COMMUNITY),
        }
    )
    yield example("A rider reports a blocked fire lane", live)
    yield example("A report that the dispatchers look at before anybody gets it", looked_at)
    yield example(
        "Recorded history, kept though its dates cannot be right",
        imported,
        time=long_ago,
        imported=True,
        traceparent=None,
    )
    yield from _case_assignments(due)
    resolved = IssueResolved(
        case=CASE,
        category="blocked-fire-lane",
        place=BUILDING,
        reporter=RIDER,
        resolver=GUARD,
        resolved_at=datetime.fromisoformat("2026-03-02T09:02:11.250+08:00"),
    )
    yield example("The guard has cleared the lane", resolved, sequence=3, time=resolved.resolved_at)


def _case_assignments(due: datetime) -> Iterator[Example]:
    assignees = {
        "To whoever is a guard of the compound": Assignee(role="guard", place=COMPOUND),
        "To one person": Assignee(person=GUARD),
        "To the volunteers of the community": Assignee(volunteers=True, place=COMMUNITY),
    }
    for summary, assignee in assignees.items():
        assigned = IssueAssigned(
            case=CASE,
            category="blocked-fire-lane",
            place=BUILDING,
            priority="urgent",
            assignee=assignee,
            reporter=RIDER,
            due_at=due,
        )
        yield example(summary, assigned, sequence=2)
    unsolved = assigned.model_copy(update={"again": True})
    yield example("A check found it where it was", unsolved, sequence=5)


def _messages() -> Iterator[Example]:
    told: dict[str, Any] = {
        "message": made_id("message"),
        "person": RIDER,
        "category": "case-updates",
        "at": MORNING,
    }
    delivered = MessageDelivered(channel="push", about=About(type="case", id=CASE), **told)
    notice = MessageDelivered(channel="sms", **told | {"category": "emergency-notice"})
    failed = MessageFailed(channel="sms", reason="expired", about=About(type="case", id=CASE), **told)
    yield example("A push about a case arrived", delivered, sequence=3)
    yield example("An SMS that is about nothing of another service", notice, sequence=2)
    yield example("The deadline passed before any provider took it", failed, sequence=4)


def _vehicles_and_volunteers() -> Iterator[Example]:
    second_car = VehicleRegistered(
        vehicle=made_id("vehicle"),
        household=HOUSEHOLD,
        masked_plate="浙L·**123",
        index=2,
        valid_from=MORNING,
    )
    electric = VehicleRegistered(
        vehicle=made_id("electric vehicle"),
        household=HOUSEHOLD,
        masked_plate="浙L·***67D",
        index=1,
        valid_from=MORNING,
    )
    rider = VolunteerRegistered(volunteer=made_id("volunteer"), person=RIDER, kind="rider", state="applied")
    yield example("A household's second car", second_car)
    yield example("An electric car, whose plate is one longer", electric)
    yield example("A rider offers to help", rider)


def _stays() -> Iterator[Example]:
    stay: dict[str, Any] = {
        "stay": made_id("stay"),
        "place": COMPOUND,
        "masked_plate": "浙B·**668",
        "entered_at": MORNING,
    }
    due, left = (datetime.fromisoformat(f"2026-03-02T{at}+08:00") for at in ("10:15:30", "10:41:02"))
    guards, host = Assignee(role="guard", place=COMPOUND), Assignee(person=RESIDENT)
    overstayed: dict[str, Any] = stay | {"threshold": 1, "due_at": due, "free_minutes": 120}
    standing = VehicleOverstayed(told=guards, **overstayed)
    visitor = VehicleOverstayed(told=host, exited_at=left, provisional=True, **overstayed)
    retracted = OverstayRetracted(threshold=1, exited_at=due, told=guards, **stay)
    yield example("A car from outside comes in", VehicleEntered(**stay))
    yield example("It leaves", VehicleExited(exited_at=left, **stay), sequence=3, time=left)
    unseen = VehicleExited(exited_at=left, exit_missed=True, **stay)
    yield example("Nobody saw it leave before it came again", unseen, sequence=2, time=left)
    yield example("Its two hours are over and it is still there", standing, sequence=2, time=due)
    yield example("A visitor's car, told to the host, one gate silent", visitor, sequence=2, time=left)
    yield example("It had left in time; the gate said so late", retracted, sequence=3, time=left)


def _duty() -> Iterator[Example]:
    noon = datetime.fromisoformat("2026-03-02T12:00:00+08:00")
    who: dict[str, Any] = {
        "duty": made_id("duty"),
        "volunteer": made_id("volunteer"),
        "person": RIDER,
        "kind": "rider",
    }
    started = DutyStarted(starts_at=MORNING, ends_at=noon, **who)
    yield example("A rider goes on duty until noon", started, sequence=2)
    yield example("And off it at noon", DutyEnded(ended_at=noon, **who), sequence=3, time=noon)


def _tasks() -> Iterator[Example]:
    noon = datetime.fromisoformat("2026-03-02T12:15:30+08:00")
    come, gone = (datetime.fromisoformat(f"2026-03-02T{time}+08:00") for time in ("09:40:00", "10:00:00"))
    task: dict[str, Any] = {"task": made_id("task"), "kind": "carry-home", "place": COMPOUND}
    known: dict[str, Any] = task | {"asked_by": "p-2be4470d", "family": (RESIDENT,)}
    case_task: dict[str, Any] = {
        "task": made_id("case task"),
        "kind": "look-after-case",
        "place": BUILDING,
        "about": About(type="case", id=CASE, version=2),
    }
    window: dict[str, Any] = {"starts_at": MORNING, "ends_at": noon, "places": 1}
    claim = TaskClaimed(
        claim=made_id("claim"),
        number=1,
        volunteer=made_id("volunteer"),
        person=RIDER,
        starts_at=come,
        ends_at=gone,
        **known,
    )
    yield example("Rice and oil for an elder, within four hours", TaskOpened(**known, **window))
    asked: dict[str, Any] = {"offer": made_id("offer"), "volunteer": made_id("volunteer"), "person": RIDER}
    asked |= {"starts_at": MORNING, "ends_at": noon, "expires_at": come}
    yield example("A rider nearby is asked", TaskOffered(**asked, **task), sequence=2)
    yield example(
        "A guard is asked to look", TaskOffered(**asked | {"person": GUARD}, **case_task), sequence=2
    )
    again = TaskOpened(reopened=True, released=(RIDER,), left=RIDER, **known, **window)
    yield example("Who had taken it may not come any more", again, sequence=3)
    yield example("A case became a task for the volunteers", TaskOpened(**case_task, **window))
    yield example("A rider will come in the next gap between orders", claim, sequence=2)
    moved = claim.model_copy(update={"from_waiting": True, "released": (GUARD,), "left": GUARD})
    yield example("Who had waited has the place of one who may not help any more", moved, sequence=4)
    done = TaskCompleted(outcome="done", completed_at=gone, volunteers=(RIDER,), **known)
    nothing = TaskCompleted(outcome="not-needed", completed_at=gone, released=(GUARD,), **case_task)
    yield example("The elder confirmed it", done, sequence=5, time=gone)
    settled = TaskCompleted(
        outcome="done", completed_at=gone, volunteers=(GUARD,), evidence=("photo:91bb02aa",), **case_task
    )
    yield example("Whoever went for a case shows by a picture that it is settled", settled, sequence=5)
    yield example("The case went elsewhere before the guard had come", nothing, sequence=5, time=gone)
    gave_up: dict[str, Any] = {"outcome": "expired", "expired_at": noon}
    nobody = TaskExpired(taken=True, released=(RIDER,), **gave_up, **known)
    yield example("Nobody came", nobody, sequence=2, time=noon)
    yield example("Nobody saw to the case", TaskExpired(taken=False, **gave_up, **case_task), sequence=2)
    credit: dict[str, Any] = {"volunteer": made_id("volunteer"), "person": RIDER, "task": made_id("task")}
    entry = HoursCredited(entry=made_id("entry"), minutes=20, **credit)
    back = HoursCredited(entry=made_id("counter"), minutes=-20, corrects=made_id("entry"), **credit)
    yield example("Twenty minutes are credited", entry, time=gone)
    yield example("And taken back, for somebody else had come", back)


def examples() -> dict[str, list[Example]]:
    """All examples by event type, in the order they tell their story."""
    found: dict[str, list[Example]] = {}
    told = (
        _places,
        _households,
        _roles,
        _cases,
        case_deadlines,
        case_lives,
        _messages,
        _vehicles_and_volunteers,
        registry_changes,
        _stays,
        violations,
        _duty,
        _tasks,
        task_disputes,
    )
    for made in told:
        for each in made():
            found.setdefault(each.event.type, []).append(each)
    return found
