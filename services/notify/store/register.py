"""The projection of the register: places, households and roles, as far as they say whom to tell.

Every write is guarded by the sequence, so repeats and late arrivals change nothing, in whatever order.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.notify.domain.audience import Place
from shared.contracts import (
    Event,
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.database.work import Connection

_PLACES = """
INSERT INTO places AS old (id, community_id, kind, parent_id, name, zone, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bigint[])
ON CONFLICT (id) DO UPDATE
SET kind = excluded.kind, parent_id = excluded.parent_id, name = excluded.name, zone = excluded.zone,
    closed = false, sequence = excluded.sequence
WHERE old.sequence < excluded.sequence AND old.community_id = excluded.community_id
"""

_CLOSED = """
INSERT INTO places AS old (id, community_id, closed, sequence)
SELECT id, community_id, true, sequence
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS row (id, community_id, sequence)
ON CONFLICT (id) DO UPDATE SET closed = true, sequence = excluded.sequence
WHERE old.sequence < excluded.sequence AND old.community_id = excluded.community_id
"""

# An array of arrays of unequal length is no PostgreSQL array, so the persons travel joined by newlines,
# which no person id can hold.
_HOUSEHOLDS = """
INSERT INTO households AS old (id, community_id, unit_id, persons, ended, sequence)
SELECT id, community_id, unit_id, coalesce(string_to_array(nullif(persons, ''), E'\\n'), '{}'), ended,
       sequence
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[], $6::bigint[])
     AS row (id, community_id, unit_id, persons, ended, sequence)
ON CONFLICT (id) DO UPDATE
SET unit_id = excluded.unit_id, persons = excluded.persons, ended = excluded.ended,
    sequence = excluded.sequence
WHERE old.sequence < excluded.sequence AND old.community_id = excluded.community_id
"""

_GRANTS = """
INSERT INTO grants AS old (id, community_id, person, role, place_id, revoked, sequence)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::boolean[], $7::bigint[])
ON CONFLICT (id) DO UPDATE
SET person = excluded.person, role = excluded.role, place_id = excluded.place_id, revoked = excluded.revoked,
    sequence = excluded.sequence
WHERE old.sequence < excluded.sequence AND old.community_id = excluded.community_id
"""

_PATHS = """
WITH RECURSIVE climb AS (
    SELECT community_id, id AS asked, id, parent_id, name, zone, 0 AS depth
    FROM places JOIN unnest($1::uuid[], $2::uuid[]) AS asked (community_id, id) USING (community_id, id)
    UNION ALL
    SELECT above.community_id, climb.asked, above.id, above.parent_id, above.name, above.zone, depth + 1
    FROM climb JOIN places above ON above.id = climb.parent_id AND above.community_id = climb.community_id
    WHERE depth < 8
)
SELECT community_id, asked, id, name, zone FROM climb ORDER BY depth
"""

_HOLDERS = """
SELECT community_id, role, place_id, array_agg(DISTINCT person ORDER BY person) AS persons
FROM grants JOIN unnest($1::uuid[], $2::text[], $3::uuid[]) AS asked (community_id, role, place_id)
     USING (community_id, role, place_id)
WHERE NOT revoked
GROUP BY 1, 2, 3
"""

_MEMBERS = """
SELECT community_id, id, persons
FROM households JOIN unnest($1::uuid[], $2::uuid[]) AS asked (community_id, id) USING (community_id, id)
WHERE NOT ended
"""

Paths = Mapping[tuple[UUID, UUID], Sequence[Place]]


async def put_places(connection: Connection, events: Sequence[Event[PlaceRegistered]]) -> None:
    """Store places as they now stand."""
    rows = [
        (
            each.data.place,
            each.community,
            each.data.kind,
            each.data.parent,
            each.data.name,
            each.data.zone,
            each.sequence,
        )
        for each in latest(events)
    ]
    await connection.execute(_PLACES, *_columns(rows, 7))


async def close_places(connection: Connection, events: Sequence[Event[PlaceClosed]]) -> None:
    """Mark places as closed, also those never seen open."""
    rows = [(each.data.place, each.community, each.sequence) for each in latest(events)]
    await connection.execute(_CLOSED, *_columns(rows, 3))


async def put_households(
    connection: Connection, events: Sequence[Event[HouseholdRegistered | HouseholdEnded]]
) -> None:
    """Store households as they now stand; one that has ended has no persons."""
    rows: list[tuple[Any, ...]] = []
    for each in latest(events):
        data = each.data
        if isinstance(data, HouseholdRegistered):
            persons, unit = "\n".join(data.persons), data.unit
            rows.append((data.household, each.community, unit, persons, False, each.sequence))
        else:
            rows.append((data.household, each.community, None, "", True, each.sequence))
    await connection.execute(_HOUSEHOLDS, *_columns(rows, 6))


async def put_grants(connection: Connection, events: Sequence[Event[RoleGranted | RoleRevoked]]) -> None:
    """Store who holds which role where, and who no longer does."""
    rows = [
        (
            data.grant,
            each.community,
            data.person,
            data.role,
            data.place,
            isinstance(data, RoleRevoked),
            each.sequence,
        )
        for each in latest(events)
        for data in (each.data,)
    ]
    await connection.execute(_GRANTS, *_columns(rows, 7))


def latest(events: Sequence[Event[Any]]) -> Sequence[Event[Any]]:
    """Keep of each entity the event with the highest sequence: a statement may touch a row only once."""
    kept: dict[str, Event[Any]] = {}
    for event in events:
        if event.subject not in kept or kept[event.subject].sequence < event.sequence:
            kept[event.subject] = event
    # Sorted, so that two chunks that meet lock rows in the same order.
    return [kept[subject] for subject in sorted(kept)]


async def paths(
    connection: Connection, asked: Collection[tuple[UUID, UUID]]
) -> tuple[Paths, Mapping[UUID, str]]:
    """Give each place with those around it, nearest first, and the time zones of their communities."""
    found: dict[tuple[UUID, UUID], list[Place]] = {}
    zones: dict[UUID, str] = {}
    rows = await connection.fetch(_PATHS, *_columns(list(asked), 2))
    for community, place, step, name, zone in rows:
        found.setdefault((community, place), []).append(Place(step, name))
        if zone:
            zones[community] = zone
    return found, zones


async def holders(
    connection: Connection, asked: Collection[tuple[UUID, str, UUID]]
) -> Mapping[tuple[UUID, str, UUID], Sequence[str]]:
    """Give who holds a role in exactly the named place, by person id."""
    rows = await connection.fetch(_HOLDERS, *_columns(list(asked), 3))
    return {(community, role, place): tuple(persons) for community, role, place, persons in rows}


async def members(
    connection: Connection, asked: Collection[tuple[UUID, UUID]]
) -> Mapping[tuple[UUID, UUID], Sequence[str]]:
    """Give the persons of households that have not ended."""
    rows = await connection.fetch(_MEMBERS, *_columns(list(asked), 2))
    return {(community, household): tuple(persons) for community, household, persons in rows}


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width
