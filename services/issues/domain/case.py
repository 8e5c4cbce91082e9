"""A case: its states, what may happen to it in which of them, and who may see it and act on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issues.domain.categories import Priority
from services.issues.domain.dispatch import Assignee


class State(StrEnum):
    """Where a case stands; suspended, cancelled and referred are of imported cases only."""

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
    accepted = "accepted"
    refused = "refused"
    assigned = "assigned"
    started = "started"
    returned = "returned"
    resolved = "resolved"
    checked = "checked"
    not_fixed = "not-fixed"
    closed = "closed"
    reopened = "reopened"
    withdrawn = "withdrawn"
    rated = "rated"
    linked = "linked"
    overdue = "overdue"
    extension_asked = "extension-asked"
    extended = "extended"
    extension_refused = "extension-refused"
    photo_added = "photo-added"
    photo_published = "photo-published"
    photo_hidden = "photo-hidden"
    photo_removed = "photo-removed"


def _from(*before: State, to: State) -> Mapping[State, State]:
    return dict.fromkeys(before, to)


# change -> state it starts from -> state it ends in; what is not here cannot happen.
CHANGES: Mapping[Change, Mapping[State, State]] = {
    # What dispatch has assigned already can still be accepted: it stays with whoever has it.
    Change.accepted: {State.reported: State.accepted, State.assigned: State.assigned},
    Change.refused: _from(State.reported, State.accepted, State.assigned, to=State.refused),
    Change.assigned: _from(
        *(State.reported, State.accepted, State.assigned, State.in_progress, State.suspended),
        to=State.assigned,
    ),
    Change.started: _from(State.assigned, to=State.in_progress),
    Change.returned: _from(State.assigned, State.in_progress, to=State.accepted),
    Change.resolved: _from(State.assigned, State.in_progress, to=State.resolved),
    Change.checked: _from(State.resolved, to=State.checked),
    Change.not_fixed: _from(State.resolved, to=State.assigned),
    Change.closed: _from(State.resolved, State.checked, to=State.closed),
    # To whoever had it; to nobody yet when that was nobody in particular.
    Change.reopened: _from(State.closed, to=State.assigned),
    Change.withdrawn: _from(
        State.reported, State.accepted, State.assigned, State.in_progress, to=State.withdrawn
    ),
    Change.rated: _from(State.closed, to=State.closed),
    **{
        change: {State.assigned: State.assigned, State.in_progress: State.in_progress}
        for change in (Change.extension_asked, Change.extended)
    },
}
ENDED = frozenset({State.refused, State.closed, State.withdrawn, State.cancelled, State.referred})

UNSETTLING = frozenset({Change.not_fixed, Change.reopened})
"""What was said to have been done was not enough; the history keeps it."""

AMONG_HANDLERS = frozenset(
    {
        *(Change.assigned, Change.returned),
        *(Change.extension_asked, Change.extended, Change.extension_refused),
    }
)
"""What is written with these is for those who handle the case; all else is for its reporter as well."""

OVERSEE = frozenset({"operator", "dispatcher"})
SEE_ALL = OVERSEE | {"street"}
SETTLE_ALL = frozenset({"operator"})


class WrongState(Exception):
    """The state of the case does not permit this change."""


class NotTheirs(Exception):
    """The case is not theirs to change so."""


@dataclass(frozen=True, slots=True)
class Seer:
    """Who is asking, with the roles of their token in the community.

    `claim` is the case whose claim code they have shown: they are its anonymous reporter, and nobody else.
    """

    person: str
    roles: frozenset[str]
    claim: UUID | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case; times are UTC, `version` is the sequence of its last event.

    `assigned_version` is the version at which the present assignee got it, `resolvers` are those who last
    said that it is settled, `closed_at` is when it ended, however it did, `closings` how often it was closed.
    """

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
    accepted_at: datetime | None = None
    assigned_version: int = 2
    resolvers: tuple[str, ...] = ()
    closings: int = 0
    reopen_until: datetime | None = None


def has(case: Case, seer: Seer) -> bool:
    """Tell whether somebody is the assignee, in person or by holding the role.

    No volunteer has a case of the volunteers: one of them takes its task, and the task's end settles it.
    """
    assignee = case.assignee
    return assignee is not None and (assignee.person == seer.person or assignee.role in seer.roles)


def is_reporter(case: Case, seer: Seer) -> bool:
    """Tell whether somebody reported the case; an anonymous one, whoever has its claim code."""
    if case.reporter is None:
        return seer.claim == case.id
    return case.reporter == seer.person


def may_see(case: Case, seer: Seer) -> bool:
    """Tell whether somebody may read the case: its reporter, its assignee, and who oversees all."""
    return bool(seer.roles & SEE_ALL) or is_reporter(case, seer) or has(case, seer)


def reads_notes(case: Case, seer: Seer, change: str) -> bool:
    """Tell whether somebody who sees the case may read what was written with a change of it."""
    return change not in AMONG_HANDLERS or bool(seer.roles & SEE_ALL) or has(case, seer)


def state_after(case: Case, change: Change) -> State:
    """Tell where a change leads.

    Raises:
        WrongState: nowhere from here.
    """
    after = CHANGES[change].get(case.state)
    if after is None:
        raise WrongState(f"a case that is {case.state} cannot be {change}")
    return after
