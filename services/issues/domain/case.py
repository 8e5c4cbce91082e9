"""The life of a case: its states, what may change it, and who may see and settle it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee


class State(StrEnum):
    """Where a case stands. Not all can be reached by a change yet, but imported cases may end in them."""

    reported = "reported"
    accepted = "accepted"
    refused = "refused"
    assigned = "assigned"
    in_progress = "in-progress"
    suspended = "suspended"
    resolved = "resolved"
    checked = "checked"
    closed = "closed"
    withdrawn = "withdrawn"
    cancelled = "cancelled"
    referred = "referred"


class Change(StrEnum):
    """What happens to a case; each is one entry of its history."""

    reported = "reported"
    imported = "imported"
    assigned = "assigned"
    resolved = "resolved"


# change -> (states it starts from, state it ends in). Accepting, starting, returning, checking, closing,
# withdrawing and reopening are further rows of this table.
CHANGES: dict[Change, tuple[frozenset[State], State]] = {
    Change.assigned: (frozenset({State.reported, State.accepted, State.assigned}), State.assigned),
    Change.resolved: (frozenset({State.assigned, State.in_progress}), State.resolved),
}
ENDED = frozenset({State.refused, State.closed, State.withdrawn, State.cancelled, State.referred})

SEE_ALL = frozenset({"operator", "dispatcher", "street"})
SETTLE_ALL = frozenset({"operator"})


class WrongState(Exception):
    """The state of the case does not permit this change."""


class NotTheirs(Exception):
    """The case is assigned to somebody else."""


@dataclass(frozen=True, slots=True)
class Seer:
    """Who is asking, with the roles of their token in the community."""

    person: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Case:
    """One case; times are UTC, `version` is the sequence of its last event."""

    id: UUID
    community: UUID
    category: str
    place: UUID | None
    priority: Priority
    state: State
    reporter: str | None
    assignee: Assignee | None
    reported_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 1


def assign(case: Case, assignee: Assignee) -> Case:
    """Give the case to somebody; its clock goes on.

    Raises:
        WrongState: the case is no longer, or not yet, to be handled.
    """
    return replace(case, state=_after(case, Change.assigned), assignee=assignee, version=case.version + 1)


def resolve(case: Case, resolver: Seer, at: datetime) -> Case:
    """Say that the matter is settled.

    Raises:
        WrongState: nobody has the case.
        NotTheirs: the resolver is not the one who has it.
    """
    state = _after(case, Change.resolved)
    if not (resolver.roles & SETTLE_ALL or has(case, resolver)):
        raise NotTheirs("the case is assigned to somebody else")
    return replace(case, state=state, resolved_at=at, version=case.version + 1)


def has(case: Case, seer: Seer) -> bool:
    """Tell whether somebody is the assignee: in person, by holding the role, or as a volunteer."""
    assignee = case.assignee
    if assignee is None:
        return False
    if assignee.volunteers:
        return "volunteer" in seer.roles
    return assignee.person == seer.person or assignee.role in seer.roles


def may_see(case: Case, seer: Seer) -> bool:
    """Tell whether somebody may read the case: its reporter, its assignee, and who oversees all."""
    return bool(seer.roles & SEE_ALL) or case.reporter == seer.person or has(case, seer)


def _after(case: Case, change: Change) -> State:
    before, after = CHANGES[change]
    if case.state not in before:
        raise WrongState(f"a case that is {case.state} cannot be {change}")
    return after
