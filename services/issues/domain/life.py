"""What happens to a case in its life; the deadline and the time it was reported never change by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.issues.domain.case import (
    OVERSEE,
    SETTLE_ALL,
    Case,
    Change,
    NotTheirs,
    Seer,
    State,
    WrongState,
    has,
    is_reporter,
    state_after,
)
from services.issues.domain.closing import ClosingRules
from services.issues.domain.dispatch import Assignee


class SecondPersonNeeded(Exception):
    """Whoever resolved a case cannot be the one who checks it."""


class NotChecked(Exception):
    """A case of this kind is closed only after a second person has checked it."""


class TooLateToReopen(Exception):
    """The period in which a case can be reopened is over."""


class RatedAlready(Exception):
    """This closing of the case has been rated."""


def accept(case: Case, at: datetime) -> Case:
    """Take a case on.

    Raises:
        WrongState: it is not new any more, or was accepted before.
    """
    if case.accepted_at is not None:
        raise WrongState("the case was accepted before")
    return _changed(case, Change.accepted, accepted_at=at)


def refuse(case: Case, at: datetime) -> Case:
    """Do not take a case on, which ends it.

    Raises:
        WrongState: somebody works on it, or it is over.
    """
    return _changed(case, Change.refused, closed_at=at)


def assign(case: Case, assignee: Assignee) -> Case:
    """Give a case to somebody.

    Raises:
        WrongState: it is no longer to be handled.
    """
    return _changed(case, Change.assigned, assignee=assignee, assigned_version=case.version + 1)


def start(case: Case, handler: Seer) -> Case:
    """Begin to work on a case.

    Raises:
        WrongState: nobody has it, or somebody has begun.
        NotTheirs: somebody else has it.
    """
    must_handle(case, handler, Change.started)
    return _changed(case, Change.started)


def give_back(case: Case) -> Case:
    """Leave a case to nobody, so that somebody else has to be found.

    Raises:
        WrongState: nobody has it.
    """
    return _changed(case, Change.returned, assignee=None)


def resolve(case: Case, resolvers: Sequence[str], at: datetime) -> Case:
    """Say that the matter is settled, by these persons.

    Raises:
        WrongState: nobody has it.
    """
    return _changed(case, Change.resolved, resolved_at=at, resolvers=tuple(resolvers))


def check(case: Case, checker: Seer, *, fixed: bool) -> Case:
    """Say whether a case that is called settled is so; if not, it goes back to whoever had it.

    Raises:
        WrongState: nobody calls it settled.
        SecondPersonNeeded: the checker does so themself.
        NotTheirs: the checker neither reported it nor has it nor oversees all.
    """
    change = Change.checked if fixed else Change.not_fixed
    state_after(case, change)
    if checker.person in case.resolvers:
        raise SecondPersonNeeded("somebody else checks what one has settled")
    if not (checker.roles & OVERSEE or is_reporter(case, checker) or has(case, checker)):
        raise NotTheirs("the case is assigned to somebody else")
    if fixed:
        return _changed(case, change)
    return _changed(case, change, resolved_at=None, assigned_version=case.version + 1)


def close(case: Case, at: datetime, rules: ClosingRules) -> Case:
    """End a case that is settled; its reporter may reopen it for the period of the rules.

    Raises:
        WrongState: it is not settled.
        NotChecked: the rules want it checked first.
    """
    state_after(case, Change.closed)
    if rules.check_needed and case.state is not State.checked:
        raise NotChecked("a second person has to check the case first")
    until = at + timedelta(days=rules.reopen_days)
    return _changed(case, Change.closed, closed_at=at, closings=case.closings + 1, reopen_until=until)


def reopen(case: Case, by: Seer, at: datetime) -> Case:
    """Open a closed case again, for whoever had it; what the volunteers had is for the dispatchers to give.

    Raises:
        WrongState: it is not closed.
        NotTheirs: they neither reported it nor speak for reporters as operators do.
        TooLateToReopen: the period is over; it is half open.
    """
    after = state_after(case, Change.reopened)
    if not (is_reporter(case, by) or by.roles & SETTLE_ALL):
        raise NotTheirs("only its reporter reopens a case")
    if case.reopen_until is None or at >= case.reopen_until:
        raise TooLateToReopen("the period in which the case could be reopened is over; report it anew")
    to = None if case.assignee is None or case.assignee.volunteers else case.assignee
    return replace(
        case,
        state=State.accepted if to is None else after,
        assignee=to,
        assigned_version=case.version + 1,
        resolved_at=None,
        closed_at=None,
        reopen_until=None,
        version=case.version + 1,
    )


def withdraw(case: Case, by: Seer, at: datetime) -> Case:
    """Take back what one has reported, which ends it.

    Raises:
        WrongState: it is settled, or over.
        NotTheirs: somebody else reported it.
    """
    state_after(case, Change.withdrawn)
    if not is_reporter(case, by):
        raise NotTheirs("only its reporter withdraws a case")
    return _changed(case, Change.withdrawn, closed_at=at)


def rate(case: Case, by: Seer) -> Case:
    """Say how content one is with a closing; that it is the first time for this closing, the store tells.

    Raises:
        WrongState: it is not closed.
        NotTheirs: somebody else reported it.
    """
    state_after(case, Change.rated)
    if not is_reporter(case, by):
        raise NotTheirs("only its reporter rates a case")
    return _changed(case, Change.rated)


def must_handle(case: Case, handler: Seer, change: Change) -> None:
    """Let only whoever has a case, or an operator, make this change.

    Raises:
        WrongState: nobody can now.
        NotTheirs: somebody else has it.
    """
    state_after(case, change)
    if not (handler.roles & SETTLE_ALL or has(case, handler)):
        raise NotTheirs("the case is assigned to somebody else")


def _changed(case: Case, change: Change, **fields: Any) -> Case:
    return replace(case, state=state_after(case, change), version=case.version + 1, **fields)
