"""Events to send about in these tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from shared.contracts import Event, IssueReported, IssueResolved
from shared.identifiers import new_id

TIME = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def reported(case: UUID | None = None, **fields: Any) -> IssueReported:
    given: dict[str, Any] = {
        "category": "noise",
        "priority": "ordinary",
        "state": "reported",
        "reported_at": TIME,
    } | fields
    return IssueReported(case=case or uuid4(), **given)


def resolved(case: UUID | None = None) -> IssueResolved:
    return IssueResolved(case=case or uuid4(), category="noise", resolver="person-1", resolved_at=TIME)


def event_of(fact: IssueReported | IssueResolved, sequence: int = 1, **fields: Any) -> Event[Any]:
    given: dict[str, Any] = {
        "id": new_id(),
        "source": "/linli/issues",
        "time": TIME,
        "community": uuid4(),
    } | fields
    return Event(sequence=sequence, data=fact, **given)
