"""What every change of a case has in common: it is held, changed, and entered in its history."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.issues.domain.case import UNSETTLING, Case, Change, Seer, may_see
from services.issues.domain.extension import ENDS_ASKING
from services.issues.domain.photos import Photo
from services.issues.store.cases import add_entry, case_by_id, update_case
from services.issues.store.extensions import end_asking
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.http.etag import matching


async def held_case(
    work: Work,
    case_id: UUID,
    seer: Seer,
    expected: int | None,
    may: Callable[[Case, Seer], bool] = may_see,
) -> Case:
    """Find a case that somebody wants to change; nobody else changes it until the transaction ends.

    Raises:
        NotFound: there is none, or none for them to know of.
        StaleVersion: it is not at the expected version.
    """
    found = await case_by_id(work.connection, tenant(work), case_id, lock=True)
    if found is None or not may(found[0], seer):
        raise missing("case")
    if expected is not None:
        matching(found[0].version, expected)
    return found[0]


async def record_photo(work: Work, case: Case, change: Change, photo: Photo) -> None:
    """Enter in a held case's history what happened to one of its photos."""
    detail = {"photo": str(photo.id), "kind": photo.kind}
    await record(work, replace(case, version=case.version + 1), change, detail=detail)


async def record(
    work: Work,
    case: Case,
    change: Change,
    note: str | None = None,
    detail: Mapping[str, Any] | None = None,
    *,
    outcome: str | None = None,
    actor: str | None = None,
) -> None:
    """Store a changed case and the entry of its history; `outcome` is what was done, in words.

    What whoever had it asked for it ends with their turn.
    """
    await update_case(work.connection, case, outcome, forget_outcome=change in UNSETTLING)
    if change in ENDS_ASKING:
        await end_asking(work.connection, case.community, case.id)
    await add_entry(
        work.connection,
        case,
        change,
        at=work.now,
        actor=actor or work.actor,
        note=note,
        detail=None if detail is None else dict(detail),
    )
