"""A community begins: its place, its fallback owner and its first operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.issues.domain.dispatch import Target
from services.issues.domain.grants import new_grant
from services.issues.domain.mapping import zone_of
from services.issues.domain.places import Kind, Place, new_community
from services.issues.store.grants import insert_grants
from services.issues.store.places import insert_places
from services.issues.store.routing import insert_routing
from services.issues.usecases.register_facts import emit_grant, emit_place
from shared.database.work import Work
from shared.identifiers import new_id


@dataclass(frozen=True, slots=True)
class NewCommunity:
    """What the platform says of a community; its operators are persons who may then do everything else."""

    code: str
    name: str
    zone: str
    operators: Sequence[str]


async def register_community(work: Work, community: UUID, new: NewCommunity) -> Place:
    """Register a community under an id made for it; the unit of work is the platform's, of no tenant.

    Until somebody says otherwise, what no rule covers goes to the operators.

    Raises:
        WrongWord, WrongMapping: a code, name, person or zone is none.
    """
    zone_of(new.zone)
    place = new_community(community, new.code, new.name, new.zone)
    grants = [new_grant(new_id(), person, "operator", place, work.now) for person in new.operators]
    await insert_places(work.connection, [place])
    await insert_routing(work.connection, community, Target(role="operator", level=Kind.community))
    await insert_grants(work.connection, grants)
    emit_place(work, place)
    for grant in grants:
        emit_grant(work, grant)
    return place
