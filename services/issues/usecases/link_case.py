"""An anonymous reporter puts their case to their account."""

from dataclasses import replace

from services.issues.domain.case import Case, Change, Seer
from services.issues.store.cases import add_entry, update_case
from services.issues.store.claims import set_reporter
from services.issues.usecases.changing_case import held_case
from services.issues.usecases.open_claim import Claim
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work


async def link_case(work: Work, claim: Claim, person: str) -> Case:
    """Make somebody the reporter of the case whose code they have shown; again changes nothing.

    Raises:
        NotFound: the case is of another community than they work in.
    """
    if claim.community != tenant(work):
        raise missing("case")
    held = await held_case(work, claim.case, Seer(person, frozenset(), claim.case), None)
    if held.reporter == person:
        return held
    case = replace(held, reporter=person, version=held.version + 1)
    await set_reporter(work.connection, case.community, case.id, person)
    await update_case(work.connection, case)
    await add_entry(work.connection, case, Change.linked, at=work.now, actor=person)
    return case
