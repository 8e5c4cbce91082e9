"""Offers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from services.volunteer.domain.offer import Offer, OfferState
from shared.database.work import Connection

_COLUMNS = "id, community_id, task_id, volunteer_id, person, metres, offered_at, expires_at, state, ended_at"
# Two tasks may turn to one person in the same moment; whom another has asked just now is left alone.
# In the order of persons, so that two who ask the same persons never wait for each other.
_ADD = f"""
INSERT INTO offers ({_COLUMNS})
SELECT *, 'offered', NULL FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[],
                                      $6::integer[], $7::timestamptz[], $8::timestamptz[])
    AS made (id, community, task, volunteer, person)
ORDER BY person
ON CONFLICT (community_id, person) WHERE state = 'offered' DO NOTHING RETURNING id
"""  # noqa: S608
_END = "UPDATE offers SET state = $3, ended_at = $4 WHERE community_id = $1 AND id = ANY($2::uuid[])"
_TAKEN = """
UPDATE offers SET state = CASE WHEN person = $3 THEN 'accepted' ELSE 'superseded' END, ended_at = $4
WHERE community_id = $1 AND task_id = $2 AND state = 'offered' AND ($5 OR person = $3)
"""
_FIND = f"SELECT {_COLUMNS} FROM offers WHERE community_id = $1 AND id = $2"  # noqa: S608
_OPEN_OF_TASK = f"""
SELECT {_COLUMNS} FROM offers WHERE community_id = $1 AND task_id = $2 AND state = 'offered'
"""  # noqa: S608
_OPEN_OF_PERSON = f"""
SELECT {_COLUMNS} FROM offers WHERE community_id = $1 AND person = $2 AND state = 'offered'
"""  # noqa: S608
_OF_PERSON = f"""
SELECT {_COLUMNS} FROM offers
WHERE community_id = $1 AND person = $2
  AND ($3::timestamptz IS NULL OR (offered_at, id) < ($3, $4::uuid))
ORDER BY offered_at DESC, id DESC LIMIT $5
"""  # noqa: S608
_OF_TASK = f"""
SELECT {_COLUMNS} FROM offers
WHERE community_id = $1 AND task_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""  # noqa: S608


async def add(connection: Connection, made: Sequence[Offer]) -> set[UUID]:
    """Stores offers; gives those of persons who are not being asked something else."""
    rows = await connection.fetch(
        _ADD,
        [offer.id for offer in made],
        [offer.community for offer in made],
        [offer.task for offer in made],
        [offer.volunteer for offer in made],
        [offer.person for offer in made],
        [offer.metres for offer in made],
        [offer.offered_at for offer in made],
        [offer.expires_at for offer in made],
    )
    return {row["id"] for row in rows}


async def end(
    connection: Connection, community: UUID, ended: Sequence[Offer], state: OfferState, now: datetime
) -> None:
    """Ends open offers of a task whose row is held."""
    await connection.execute(_END, community, [offer.id for offer in ended], state.value, now)


async def taken(
    connection: Connection, community: UUID, task: UUID, person: str | None, now: datetime, *, full: bool
) -> None:
    """Settles the offers of a task whose row is held: the taker's is accepted, and when it is full, the
    others' are superseded."""
    await connection.execute(_TAKEN, community, task, person, now, full)


async def find(connection: Connection, community: UUID, offer: UUID) -> Offer | None:
    """One offer."""
    row = await connection.fetchrow(_FIND, community, offer)
    return None if row is None else _offer(row)


async def open_of_task(connection: Connection, community: UUID, task: UUID) -> list[Offer]:
    """The offers of a task that were not ended yet, expired ones too."""
    return [_offer(row) for row in await connection.fetch(_OPEN_OF_TASK, community, task)]


async def open_of_person(connection: Connection, community: UUID, person: str) -> Offer | None:
    """The one thing somebody is being asked."""
    row = await connection.fetchrow(_OPEN_OF_PERSON, community, person)
    return None if row is None else _offer(row)


async def of_person(
    connection: Connection, community: UUID, person: str, before: tuple[datetime, UUID] | None, most: int
) -> Sequence[Offer]:
    """All somebody was asked, the newest first, behind the offer at `before`."""
    at, offer = before or (None, None)
    return [_offer(row) for row in await connection.fetch(_OF_PERSON, community, person, at, offer, most)]


async def of_task(
    connection: Connection, community: UUID, task: UUID, before: UUID | None, most: int
) -> Sequence[Offer]:
    """All who were asked for a task, the newest first, behind the offer called `before`."""
    return [_offer(row) for row in await connection.fetch(_OF_TASK, community, task, before, most)]


def _offer(row: "asyncpg.Record") -> Offer:
    return Offer(
        id=row["id"],
        community=row["community_id"],
        task=row["task_id"],
        volunteer=row["volunteer_id"],
        person=row["person"],
        metres=row["metres"],
        offered_at=row["offered_at"],
        expires_at=row["expires_at"],
        state=OfferState(row["state"]),
        ended_at=row["ended_at"],
    )
