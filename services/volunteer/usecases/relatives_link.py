"""A relative without an account sees one task by a link, and confirms or disputes it, once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.volunteer.domain.dispute import DisputedBy
from services.volunteer.domain.hours import Witness
from services.volunteer.domain.link import (
    MOST_LINKS,
    Link,
    LinkAnswer,
    WrongLinkError,
    answer_until,
    digest_of,
)
from services.volunteer.domain.task import Task, TaskState
from services.volunteer.store import claims, disputes, links, tasks
from services.volunteer.usecases.dispute_task import dispute_held
from services.volunteer.usecases.end_task import confirm, must_be_there
from shared.database.work import Work, Works
from shared.errors import Conflict, Forbidden, NotFound
from shared.identifiers import new_id

NOBODY = "relative by link"
"""Who acts by a link; with its spaces it is nobody's person id."""
SAID = "said-by-link"
KEPT = timedelta(days=30)
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Opened:
    """A link that was opened: its task, whether somebody has reported, and whether that is disputed."""

    link: Link
    task: Task
    reported: bool
    disputed: bool


async def make_link(work: Work, community: UUID, task_id: UUID, *, only_of: str | None) -> tuple[Link, str]:
    """Makes a link with its secret, which is told now and never again.

    Raises NotFound, Forbidden (who helps makes no proof of it), Conflict (it has many, or it is too late).
    """
    task = await tasks.find(work.connection, community, task_id, lock=True)
    if task is None or only_of not in {None, task.asked_by, *task.family}:
        raise NotFound("no such task")
    if work.actor in await _helpers(work, task):
        raise Forbidden("who helps makes no link by which it is confirmed")
    expires_at = answer_until(task)
    if task.state is TaskState.expired or expires_at <= work.now:
        raise Conflict("it is too late for a link")
    if await links.count(work.connection, community, task_id) >= MOST_LINKS:
        raise Conflict(f"a task has {MOST_LINKS} links at most")
    secret = secrets.token_urlsafe(32)
    link = Link(new_id(), community, task_id, work.now, work.actor, expires_at)
    await links.add(work.connection, link, digest_of(secret))
    return link, secret


async def community_of_link(works: Works, secret: str) -> UUID:
    """In which community a link works, found under the system role; raises WrongLinkError."""
    async with works.for_system("/linli/volunteer/links") as work:
        community = await links.community_of(work.connection, digest_of(secret), work.now)
    if community is None:
        raise WrongLinkError
    return community


async def see_link(work: Work, community: UUID, secret: str) -> Opened:
    """Shows the task of a link; raises WrongLinkError."""
    link = await links.find(work.connection, community, digest_of(secret), work.now)
    task = None if link is None else await tasks.find(work.connection, community, link.task)
    if link is None or task is None:
        raise WrongLinkError
    return await _opened(work, link, task)


async def answer_link(work: Work, community: UUID, secret: str, answer: LinkAnswer) -> Opened:
    """Confirms or disputes; the same answer again changes nothing.

    Raises WrongLinkError, LinkUsedError, Forbidden (who made the link helps), NoClaimError, TaskOverError,
    DisputedError, WrongDisputeError.
    """
    found = await links.find(work.connection, community, digest_of(secret), work.now)
    task = None if found is None else await tasks.find(work.connection, community, found.task, lock=True)
    link = await links.find(work.connection, community, digest_of(secret), work.now, lock=True)
    if link is None or task is None:
        raise WrongLinkError
    answered = link.answered(answer)
    if link.answer is None:
        await links.answer(work.connection, answered, work.now)
        if answer is LinkAnswer.disputed:
            await dispute_held(work, task, DisputedBy.family, None, SAID)
        else:
            await _confirm(work, link, task)
    return await _opened(work, answered, await tasks.find(work.connection, community, task.id) or task)


async def forget_links(works: Works) -> int:
    """Forgets links that have long expired."""
    async with works.for_system("schedule") as work:
        return await links.forget(work.connection, work.now - KEPT, AT_ONCE)


async def _confirm(work: Work, link: Link, task: Task) -> None:
    if link.made_by in await _helpers(work, task):
        raise Forbidden("one who helps has made the link, so it proves nothing; staff confirm")
    if task.state is TaskState.expired:
        task.must_be_open()
    held = await claims.of_task(work.connection, task.community, task.id)
    must_be_there(held)
    await confirm(work, task, held, Witness.relative)


async def _helpers(work: Work, task: Task) -> set[str]:
    held = await claims.of_task(work.connection, task.community, task.id)
    return {claim.person for claim in held}


async def _opened(work: Work, link: Link, task: Task) -> Opened:
    about = await claims.accountable(work.connection, task.community, task.id)
    disputed = await disputes.is_open(work.connection, task.community, task.id)
    return Opened(link, task, any(claim.reported_at is not None for claim in about), disputed)
