"""The clock takes the next step for cars that still stand there, as long as they must not."""

from collections.abc import Sequence
from uuid import UUID

from services.parking.domain.limits import may_park, rule_at
from services.parking.domain.violation import Says, cleared, stepped
from services.parking.domain.violation_kind import QUIET_ZONE
from services.parking.store import households, limit_rules, sightings, violations
from services.parking.store.violations import TakenStep, Violation
from services.parking.usecases.violation_facts import Persons, tell_cleared, tell_stepped
from shared.database.work import Work, Works

MOST = 200


async def escalate_violations(works: Works) -> int:
    """Take up to `MOST` steps that are due; gives how many. What others hold is left to the next run."""
    async with works.for_system("/linli/parking/escalate") as work:
        due = await violations.claim_due(work.connection, work.now, MOST)
        if not due:
            return 0
        persons = await households.persons_of(work.connection, [each.household for each in due])
        free = await _now_free(work, due)
        over = [each for each in due if each.id in free]
        ended = await _end(work, over, persons) if over else []
        still = [each for each in due if each.id not in free]
        taken = [tell_stepped(work, each, stepped(each.course, work.now), persons) for each in still]
        await violations.put(work.connection, [*ended, *taken])
        await violations.add_steps(work.connection, [TakenStep(each, "time", work.now) for each in taken])
        return len(due)


async def _now_free(work: Work, due: Sequence[Violation]) -> set[UUID]:
    """Find those of a quiet zone whose quiet hours are over: the car may stand there now."""
    quiet = [each for each in due if each.kind == QUIET_ZONE]
    if not quiet:
        return set()
    zones = await sightings.zones_of(work.connection, [each.id for each in quiet])
    rules = await limit_rules.of_compounds(work.connection, {each.compound for each in quiet})
    free = set()
    for each in quiet:
        known, zone = rules[each.compound], zones.get(each.id)
        local = work.now.astimezone(known.zone)
        if zone is not None and may_park(rule_at(known.versions, work.now), zone, local):
            free.add(each.id)
    return free


async def _end(work: Work, over: Sequence[Violation], persons: Persons) -> list[Violation]:
    """End them for that reason, which is kept as a look, so that no look from before opens them again."""
    now, says = work.now, Says.unresolved
    looks = [sightings.at_case(each, says, now, now, source="rule", source_id="quiet-hours") for each in over]
    await sightings.add(work.connection, looks)
    return [tell_cleared(work, each, cleared(each.course, says, now, now), persons) for each in over]
