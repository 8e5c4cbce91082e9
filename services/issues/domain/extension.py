"""More time for a case: whoever has it asks before the deadline, somebody else decides."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.issues.domain.case import Case, Change, NotTheirs, Seer, state_after
from services.issues.domain.deadline import Calendar
from services.issues.domain.life import must_handle

ENDS_ASKING = frozenset({Change.assigned, Change.returned, Change.resolved, Change.refused, Change.withdrawn})
"""Who had a case has it no more, and what they asked for it is void."""


class TooLateToAsk(Exception):
    """More time is asked for, and given, while there is some left."""


class Decision(StrEnum):
    """What became of asking; asking again, or somebody else's turn, replaces what was asked before."""

    asked = "asked"
    approved = "approved"
    refused = "refused"
    replaced = "replaced"


@dataclass(frozen=True, slots=True)
class Extension:
    """What somebody asks for, and what was decided; `due_at` is the deadline that it would give."""

    id: UUID
    case: UUID
    state: Decision
    asked_by: str
    asked_at: datetime
    reason: str
    was_due_at: datetime
    due_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None


def later(case: Case, asker: Seer, minutes: int, calendar: Calendar, now: datetime) -> datetime:
    """Tell to when the deadline would move, counted as the case's category counts.

    Raises:
        WrongState: nobody has the case.
        NotTheirs: somebody else has it.
        TooLateToAsk: the deadline has come, or there never was one.
    """
    must_handle(case, asker, Change.extension_asked)
    due_at = _not_past(case, now)
    moved = calendar.add(due_at, minutes)
    if moved <= due_at:
        raise TooLateToAsk("that is no time at all as this category counts")
    return moved


def approve(case: Case, extension: Extension, by: Seer, now: datetime) -> Case:
    """Move the deadline; what has passed of the time still counts.

    Whoever decides has to do so before the deadline too: after it levels have been said, each once for ever,
    and none of them would be said of the new one.

    Raises:
        WrongState: nobody has the case any more.
        NotTheirs: they asked for it themself.
        TooLateToAsk: the deadline has come meanwhile.
    """
    state_after(case, Change.extended)
    _other_than_asked(extension, by)
    _not_past(case, now)
    return replace(case, due_at=extension.due_at, version=case.version + 1)


def refuse(case: Case, extension: Extension, by: Seer) -> Case:
    """Leave the deadline as it is, wherever the case stands.

    Raises:
        NotTheirs: they asked for it themself.
    """
    _other_than_asked(extension, by)
    return replace(case, version=case.version + 1)


def _not_past(case: Case, now: datetime) -> datetime:
    if case.due_at is None or now > case.due_at:
        raise TooLateToAsk("the deadline has passed; elapsed time is not given back")
    return case.due_at


def _other_than_asked(extension: Extension, by: Seer) -> None:
    if by.person == extension.asked_by:
        raise NotTheirs("somebody else decides on what one has asked for")
