"""Storing new cases, many at once: the hot path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.issues.domain.case import State
from services.issues.domain.categories import Category
from services.issues.domain.deadline import Calendar
from services.issues.domain.dispatch import Assignee
from services.issues.store.cases import NOBODY
from shared.database.copying import (
    as_bigint,
    as_bool,
    as_double,
    as_text,
    as_time,
    as_uuid,
    copy,
)
from shared.database.work import Connection
from shared.messaging.draft import Draft

# What is a report's own in a case's row, and what was decided of it, with how COPY takes that.
_REPORTED = (
    *("id", "place_id", "latitude", "longitude", "reporter", "filed_by", "description"),
    *("reported_at", "device_reported_at"),
)
_OWN = (*_REPORTED, "due_at", "escalates_at")
_DECIDED: dict[str, Callable[[Any], bytes]] = {
    "community_id": as_uuid,
    "category": as_text,
    "priority": as_text,
    "state": as_text,
    "version": as_bigint,
    "assignee_person": as_text,
    "assignee_role": as_text,
    "assignee_place": as_uuid,
    "assignee_volunteers": as_bool,
    "dispatched": as_text,
}
_COLUMNS = (*_OWN, *_DECIDED)
# That a row might be there already costs one in twenty of all that is done for it.
_INSERT_ONE = f"""
INSERT INTO cases ({", ".join(_COLUMNS)})
VALUES ({", ".join(f"${place}" for place, _ in enumerate(_COLUMNS, 1))})
ON CONFLICT (id) DO NOTHING
"""  # noqa: S608


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What dispatch decides for all reports of a category and place, at one version of the routing.

    `columns` is its part of each case's row, and `packed` the same as COPY takes it; `answer` is the JSON
    that the answers to all share, and `said` is what is said of each.
    """

    community: UUID
    deadline_minutes: int
    calendar: Calendar
    etag: str
    columns: tuple[object, ...]
    packed: bytes
    answer: bytes
    said: Draft


def columns_of(
    community: UUID,
    category: Category,
    state: State,
    version: int,
    assignee: Assignee | None,
    dispatched: str | None,
) -> tuple[object, ...]:
    """Give what was decided as columns; `dispatched` is, as JSON, what the history says of the assigning."""
    given = assignee or NOBODY
    return (
        community,
        category.code,
        category.priority.value,
        state.value,
        version,
        given.person,
        given.role,
        given.place,
        given.volunteers,
        dispatched,
    )


def packed(columns: Sequence[Any]) -> bytes:
    """Write what was decided as COPY takes it."""
    return b"".join(write(value) for write, value in zip(_DECIDED.values(), columns, strict=True))


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key with whose it is and what tells its request from others."""

    actor: str
    key: str
    fingerprint: bytes


class Report(NamedTuple):
    """What somebody reports; id and time were given to it on arrival, so that storing it can be repeated.

    It begins with `_REPORTED`. `reporter` and `filed_by` are None when it is anonymous. A named tuple is made
    in a third of a frozen dataclass's time.
    """

    id: UUID
    place: UUID | None
    latitude: float | None
    longitude: float | None
    reporter: str | None
    filed_by: str | None
    description: str
    reported_at: datetime
    device_reported_at: datetime | None
    community: UUID
    category: str
    traceparent: str | None
    key: Key | None = None


class NewCase(NamedTuple):
    """A case that has just been reported, and as a rule dispatched."""

    report: Report
    decision: Decision
    due_at: datetime


async def insert_reported(connection: Connection, cases: Sequence[NewCase]) -> bool:
    """Store cases, each with how its history begins; False says that the only one was there before.

    Several go by COPY, in three quarters of the server's time. It is refused to a role that policies bind, be
    they `true`: the system role has BYPASSRLS.

    Raises:
        asyncpg.UniqueViolationError: one of several is there already (the answer to COMMIT was lost, and they
            are sent again): to be stored one by one.
        asyncpg.FeatureNotSupportedError: the role has no BYPASSRLS: to be stored one by one.
    """
    if len(cases) > 1:
        await copy(connection, "cases", _COLUMNS, map(_row, cases))
        return True
    (only,) = cases
    status: str = await connection.execute(_INSERT_ONE, *_own(only), *only.decision.columns)
    return status == "INSERT 0 1"


def _own(case: NewCase) -> tuple[Any, ...]:
    return (*case.report[: len(_REPORTED)], case.due_at, case.due_at)


def _row(case: NewCase) -> bytes:
    ident, place, latitude, longitude, reporter, filed_by, description, reported, device, due, _ = _own(case)
    due = as_time(due)
    return b"".join(
        (
            as_uuid(ident),
            as_uuid(place),
            as_double(latitude),
            as_double(longitude),
            as_text(reporter),
            as_text(filed_by),
            as_text(description),
            as_time(reported),
            as_time(device),
            due,
            due,
            case.decision.packed,
        )
    )
