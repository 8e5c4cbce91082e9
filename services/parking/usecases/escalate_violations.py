"""The clock takes the next step for cars that still stand there."""

from services.parking.domain.violation import stepped
from services.parking.store import households, violations
from services.parking.store.violations import TakenStep
from services.parking.usecases.violation_facts import tell_stepped
from shared.database.work import Works

MOST = 200


async def escalate_violations(works: Works) -> int:
    """Take up to `MOST` steps that are due; gives how many. What others hold is left to the next run."""
    async with works.for_system("/linli/parking/escalate") as work:
        due = await violations.claim_due(work.connection, work.now, MOST)
        if not due:
            return 0
        persons = await households.persons_of(work.connection, [each.household for each in due])
        taken = [tell_stepped(work, each, stepped(each.course, work.now), persons) for each in due]
        await violations.put(work.connection, taken)
        await violations.add_steps(work.connection, [TakenStep(each, "time", work.now) for each in taken])
        return len(taken)
