"""What happens to cases, said as the facts that everybody may read: ids and codes, never words."""

from functools import lru_cache
from typing import Any, Literal, TypedDict
from uuid import UUID

from services.issues.domain.case import Case
from services.issues.domain.dispatch import Assignee
from services.issues.store.closing_rules import closing_rules_for
from services.issues.store.followers import followers_of
from services.issues.store.grants import role_is_held
from shared.contracts.fact import Fact
from shared.contracts.issues.case import Assignee as AssigneeFact
from shared.contracts.issues.case import IssueAssigned, IssueResolved
from shared.database.work import Connection, Work


class KnownOfCase(TypedDict):
    """What every fact of a case's life says."""

    case: UUID
    category: str
    place: UUID | None
    priority: Literal["ordinary", "urgent"]
    reporter: str | None
    followers: tuple[str, ...]
    assignee: AssigneeFact | None


@lru_cache(maxsize=4096)
def assignee_fact(assignee: Assignee) -> AssigneeFact:
    """Say an assignee as facts do; kept, since few assignees take most cases."""
    return AssigneeFact(
        person=assignee.person,
        role=assignee.role,
        place=assignee.place,
        volunteers=assignee.volunteers,
    )


def assignee_data(assignee: Assignee) -> dict[str, Any]:
    """Say an assignee as history entries and answers do."""
    return assignee_fact(assignee).model_dump(mode="json")


async def known_of(work: Work, case: Case, had: Assignee | None = None) -> KnownOfCase:
    """Gather which case it is and who is concerned: whoever has it, or else `had` it until now."""
    assignee = case.assignee or had
    followers = await followers_of(work, [case.id])
    return {
        "case": case.id,
        "category": case.category,
        "place": case.place,
        "priority": case.priority.value,
        "reporter": case.reporter,
        "followers": followers[case.id],
        "assignee": None if assignee is None else assignee_fact(assignee),
    }


def say(work: Work, case: Case, fact: Fact, traceparent: str | None = None) -> None:
    """Queue a fact about a case at the version that it now has."""
    work.emit(fact, sequence=case.version, community=case.community, traceparent=traceparent)


async def say_assigned(
    work: Work, case: Case, assignee: Assignee, had: Assignee | None = None, *, again: bool = False
) -> None:
    """Say that a case was given to somebody, and taken from who `had` it, or is theirs `again`."""
    known: dict[str, Any] = {**await known_of(work, case), "assignee": assignee_fact(assignee)}
    was = None if had is None or had == assignee else assignee_fact(had)
    say(work, case, IssueAssigned(due_at=case.due_at, was_assigned_to=was, again=again, **known))


async def say_resolved(work: Work, case: Case, resolver: str, traceparent: str | None = None) -> None:
    """Say that whoever has a case calls it settled, and to whom it is to have it checked or closed."""
    rules = await closing_rules_for(work.connection, case.community, case.category)
    fact = IssueResolved(
        resolver=resolver,
        resolved_at=work.now,
        check_needed=rules.check_needed,
        told=await who_dispatches(work, case.community, but=resolver),
        **await known_of(work, case),
    )
    say(work, case, fact, traceparent)


def told_of(case: Case) -> AssigneeFact | None:
    """Name who has a case, if anybody."""
    return None if case.assignee is None else assignee_fact(case.assignee)


async def who_dispatches(work: Work, community: UUID, but: str | None = None) -> AssigneeFact:
    """Name who finds somebody for a case or looks at it, as facts do; not who asks, `but` others."""
    return assignee_fact(await dispatchers_of(work.connection, community, but))


async def dispatchers_of(connection: Connection, community: UUID, but: str | None = None) -> Assignee:
    """Name who finds somebody for a case: the dispatchers, or the operators where there is none `but` one."""
    role = "dispatcher" if await role_is_held(connection, community, "dispatcher", but) else "operator"
    return Assignee(role=role, place=community)
