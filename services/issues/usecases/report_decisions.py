"""What dispatch decides for all reports of a category and place: found, checked and written once."""

from datetime import UTC, datetime
from uuid import UUID

import orjson

from services.issues.domain.case import State
from services.issues.domain.categories import Category
from services.issues.domain.deadline import Calendar
from services.issues.domain.dispatch import Assignee
from services.issues.store.reports import Decision, columns_of, packed
from services.issues.usecases.case_facts import assignee_data, assignee_fact
from shared.contracts.fact import Fact
from shared.contracts.issues.case import IssueAssigned, IssueReported
from shared.messaging.draft import Draft

GAPS = ("case", "place", "reporter", "due_at", "reported_at")
"""What differs from report to report in the facts and in the answer."""
_A_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def decided(
    community: UUID,
    category: Category,
    calendar: Calendar,
    assignee: Assignee | None,
    rule: str | None,
    dispatchers: Assignee,
) -> Decision:
    """Let an assignee have the cases, by a rule (None: the fallback).

    Without an assignee they are nobody's until one of the dispatchers has looked at them.
    """
    if assignee is None:
        state, version, said, dispatched = State.reported, 1, None, None
        facts: list[Fact] = [_reported(category, dispatchers)]
    else:
        state, version, said = State.assigned, 2, assignee_data(assignee)
        dispatched = orjson.dumps({"assignee": said, "rule": rule}).decode()
        facts = [_reported(category, None), _assigned(category, assignee)]
    columns = columns_of(community, category, state, version, assignee, dispatched)
    return Decision(
        community,
        category.deadline_minutes,
        calendar,
        f'"{version}"',
        columns,
        packed(columns),
        _answer(category, state, version, said),
        Draft(facts, GAPS),
    )


def _reported(category: Category, told: Assignee | None) -> Fact:
    return IssueReported(
        case=UUID(int=0),
        category=category.code,
        priority=category.priority.value,
        state=State.reported.value,
        reported_at=_A_TIME,
        told=None if told is None else assignee_fact(told),
    )


def _assigned(category: Category, assignee: Assignee) -> Fact:
    return IssueAssigned(
        case=UUID(int=0),
        category=category.code,
        priority=category.priority.value,
        assignee=assignee_fact(assignee),
    )


def _answer(category: Category, state: State, version: int, assignee: dict[str, object] | None) -> bytes:
    known = {
        "state": state.value,
        "category": category.code,
        "priority": category.priority.value,
        "assignee": assignee,
        "version": version,
    }
    return orjson.dumps(known)
