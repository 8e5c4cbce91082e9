"""What happens to cases, said as the facts that everybody may read: ids and codes, never words."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from services.issues.domain.case import Case
from services.issues.domain.dispatch import Assignee
from shared.contracts.issues.case import Assignee as AssigneeFact
from shared.contracts.issues.case import IssueAssigned, IssueResolved
from shared.database.work import Work


@lru_cache(maxsize=4096)
def assignee_fact(assignee: Assignee) -> AssigneeFact:
    """Say an assignee as facts do; kept, since few assignees take most cases."""
    return AssigneeFact(
        person=assignee.person,
        role=assignee.role,
        place=assignee.place,
        volunteers=assignee.volunteers,
    )


def assignee_data(assignee: Assignee) -> dict[str, Any]:
    """Say an assignee as history entries and answers do."""
    return assignee_fact(assignee).model_dump(mode="json")


def emit_assigned(work: Work, case: Case, assignee: Assignee) -> None:
    """Say that a case was given to somebody."""
    fact = IssueAssigned(
        case=case.id,
        category=case.category,
        place=case.place,
        priority=case.priority.value,
        assignee=assignee_fact(assignee),
        reporter=case.reporter,
        due_at=case.due_at,
    )
    work.emit(fact, sequence=case.version, community=case.community)


def emit_resolved(work: Work, case: Case, resolver: str, at: datetime) -> None:
    """Say that whoever has a case calls it settled."""
    fact = IssueResolved(
        case=case.id,
        category=case.category,
        place=case.place,
        reporter=case.reporter,
        resolver=resolver,
        resolved_at=at,
    )
    work.emit(fact, sequence=case.version, community=case.community)
