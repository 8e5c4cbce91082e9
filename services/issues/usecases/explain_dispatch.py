"""Where a case would go if it were reported now, and why."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.issues.domain.categories import Category
from services.issues.domain.deadline import due_at
from services.issues.domain.dispatch import Assignee, Considered, Target
from services.issues.domain.escalation import Step, steps
from services.issues.store.grants import count_holders
from services.issues.usecases.calendars import holidays_known
from services.issues.usecases.routings import Routings, learn_places
from services.issues.usecases.versions import tenant
from shared.database.work import Work


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision with all that was considered; `rule` None is the fallback owner.

    `holders` are the persons who hold the assignee's role there or around it; None of persons and volunteers.
    """

    category: Category
    assignee: Assignee
    rule: str | None
    considered: list[Considered]
    fallback: Target
    holders: int | None
    reported_at: datetime
    due_at: datetime
    holidays_known: bool
    levels: list[tuple[Step, Assignee]]


async def explain_dispatch(work: Work, category: str, place: UUID | None, routings: Routings) -> Explanation:
    """Decide as of a report that came now, and store nothing.

    Raises:
        Invalid: no such category, or no such open place.
    """
    community = tenant(work)
    current = await routings.current(work.connection, [community])
    await learn_places(work.connection, [(community, place)], current)
    kept = current[community]
    decision, path = kept.decision(category, place), kept.path(place)
    assignee, rule = kept.routing.choose(category, path)
    due = due_at(work.now, decision.deadline_minutes, decision.calendar)
    levels = list(steps(kept.ladder(category), due, 0, kept.calendars))
    last = max((due, *(step.due_at for step in levels)))
    holders = None
    if assignee.role is not None:
        around = kept.path(assignee.place)
        holders = await count_holders(work.connection, community, assignee.role, around)
    return Explanation(
        kept.routing.categories[category],
        assignee,
        rule,
        kept.routing.considered(category, path),
        kept.routing.fallback,
        holders,
        work.now,
        due,
        holidays_known(kept.routing.time, range(work.now.year, last.year + 1)),
        [(step, step.level.target.at(path)) for step in levels],
    )
