"""Somebody who may say so ends a violation by their word, with evidence."""

from dataclasses import dataclass
from uuid import UUID

from services.parking.domain.violation import ClearedError, Says, cleared
from services.parking.store import households, sightings, violations
from services.parking.store.violations import Violation
from services.parking.usecases.violation_facts import check_not_own, tell_cleared
from shared.database.work import Work
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of a violation, in which role, and by what it can be checked."""

    violation: UUID
    outcome: Says
    role: str
    evidence: tuple[str, ...]


async def clear_violation(work: Work, community: UUID, word: Word) -> Violation:
    """End an open violation; raises NotFound, ClearedError, OwnCarError."""
    found = await violations.lock(work.connection, [word.violation])
    if not found or found[0].community != community:
        raise NotFound("no such violation")
    violation = found[0]
    if violation.course.outcome is not None:
        raise ClearedError("the violation is over already")
    persons = await households.persons_of(work.connection, [violation.household])
    check_not_own(violation, persons, work.actor)
    looked_at = max(work.now, violation.course.last_seen_at)
    course = cleared(violation.course, word.outcome, looked_at, work.now)
    changed = tell_cleared(work, violation, course, persons, work.traceparent)
    await violations.put(work.connection, [changed])
    look = sightings.at_case(
        violation,
        word.outcome,
        looked_at,
        work.now,
        source="person",
        source_id=work.actor,
        role=word.role,
        evidence=word.evidence,
    )
    await sightings.add(work.connection, [look])
    return changed
