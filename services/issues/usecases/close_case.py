"""The command room closes a case that is settled."""

from uuid import UUID

from services.issues.domain.case import Case, Change, Seer, State
from services.issues.domain.life import close
from services.issues.store.closing_rules import closing_rules_for
from services.issues.usecases.case_facts import known_of, say
from services.issues.usecases.changing_case import held_case, record
from services.issues.usecases.versions import tenant
from shared.contracts.issues.life import IssueClosed
from shared.database.work import Work


async def close_case(work: Work, case_id: UUID, by: Seer, note: str | None, expected: int | None) -> Case:
    """Close a case; its category says whether somebody has to check it first.

    Raises:
        NotFound, NotChecked, WrongState, StaleVersion: see there.
    """
    held = await held_case(work, case_id, by, expected)
    rules = await closing_rules_for(work.connection, tenant(work), held.category)
    case, checked = close(held, work.now, rules), held.state is State.checked
    await record(work, case, Change.closed, note, {"closing": case.closings, "checked": checked})
    say(work, case, IssueClosed(closed_at=work.now, checked=checked, **await known_of(work, case)))
    return case
