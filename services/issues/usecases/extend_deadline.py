"""Whoever has a case asks for more time, and somebody who dispatches approves or refuses."""

from dataclasses import replace
from uuid import UUID

from services.issues.domain.case import Change, Seer
from services.issues.domain.deadline import must_end
from services.issues.domain.extension import Decision, Extension, approve, later, refuse
from services.issues.store.calendars import community_time
from services.issues.store.extensions import (
    ask_extension,
    decide_extension,
    extension_asked,
    move_deadline,
)
from services.issues.store.routing import category_by_code
from services.issues.usecases.calendars import calendars
from services.issues.usecases.case_facts import known_of, say, told_of, who_dispatches
from services.issues.usecases.changing_case import held_case, record
from services.issues.usecases.versions import missing, tenant
from shared.contracts.issues.case import Assignee
from shared.contracts.issues.deadline import IssueExtended, IssueExtensionAsked, IssueExtensionRefused
from shared.database.work import Work
from shared.identifiers import new_id


async def ask_for_time(
    work: Work, case_id: UUID, asker: Seer, minutes: int, reason: str, expected: int | None
) -> Extension:
    """Ask for more time, in minutes counted as the category counts; asking again replaces what was asked.

    Raises:
        NotFound, NotTheirs, WrongState, StaleVersion, TooLateToAsk, TooManyMinutes: see there.
    """
    case = await held_case(work, case_id, asker, expected)
    category = await category_by_code(work.connection, case.community, case.category)
    if category is None:
        raise missing("category")
    must_end(minutes, category.counted)
    calendar = calendars(await community_time(work.connection, case.community))[category.counted]
    due_at = later(case, asker, minutes, calendar, work.now)
    was_due_at = case.due_at or due_at
    asked = Extension(new_id(), case.id, Decision.asked, work.actor, work.now, reason, was_due_at, due_at)
    await ask_extension(work.connection, case.community, asked)
    case = replace(case, version=case.version + 1)
    await record(work, case, Change.extension_asked, reason, {"due_at": due_at.isoformat()})
    # Nobody decides on what they ask for themselves.
    told = await who_dispatches(work, case.community, but=asker.person)
    known = await known_of(work, case)
    say(work, case, IssueExtensionAsked(due_at=was_due_at, until=due_at, told=told, **known))
    return asked


async def decide_on_time(
    work: Work, case_id: UUID, by: Seer, note: str | None, expected: int | None, *, approved: bool
) -> Extension:
    """Approve or refuse what is asked for a case; if approved, its deadline and the levels after it move.

    Raises:
        NotFound: no such case, or nothing is asked for it.
        NotTheirs, WrongState, StaleVersion, TooLateToAsk: see there.
    """
    held = await held_case(work, case_id, by, expected)
    asked = await extension_asked(work.connection, tenant(work), case_id)
    if asked is None:
        raise missing("extension asked for")
    case = approve(held, asked, by, work.now) if approved else refuse(held, asked, by)
    state = Decision.approved if approved else Decision.refused
    decided = replace(asked, state=state, decided_by=work.actor, decided_at=work.now, note=note)
    await decide_extension(work.connection, case.community, decided)
    change = Change.extended if approved else Change.extension_refused
    await record(work, case, change, note, {"due_at": asked.due_at.isoformat()})
    known = await known_of(work, case)
    if approved:
        await move_deadline(work.connection, case)
        fact = IssueExtended(due_at=asked.due_at, was_due_at=asked.was_due_at, told=told_of(case), **known)
        say(work, case, fact)
    else:
        asker = Assignee(person=asked.asked_by)
        say(work, case, IssueExtensionRefused(due_at=case.due_at or asked.was_due_at, told=asker, **known))
    return decided
