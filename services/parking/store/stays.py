"""Stays as last folded, with what was said of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.parking.domain.stays import GateRead, Stay, StayState
from services.parking.store.reads import Car
from shared.database.rows import as_json
from shared.database.work import Connection

_COLUMNS = """
stays.id, stays.community_id, stays.compound_id, stays.plate, stays.state, stays.first_device,
stays.first_read, stays.begins_at, stays.entered_at, stays.exited_at, stays.due_at, stays.judge_at,
stays.version
"""
# One probe for each stay, whatever the plan was made for: joined, alarms are read whole while they are few.
_ALARM = """
LEFT JOIN LATERAL (
    SELECT * FROM overstays WHERE overstays.stay_id = stays.id AND overstays.threshold = 1 LIMIT 1
) AS overstays ON true
"""
_AROUND = f"""
SELECT {_COLUMNS}, overstays.due_at AS alarm_due, overstays.contact AS alarm_contact,
       overstays.stay_id IS NOT NULL AND overstays.retracted_at IS NULL AS standing,
       overstays.told AS alarm_told
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS car (compound_id, plate, since)
CROSS JOIN LATERAL (
    SELECT coalesce(max(begins_at), '-infinity') AS begins_at FROM stays
    WHERE stays.compound_id = car.compound_id AND stays.plate = car.plate AND stays.begins_at < car.since
) AS start
JOIN stays ON stays.compound_id = car.compound_id AND stays.plate = car.plate
          AND stays.begins_at >= start.begins_at
{_ALARM}
"""  # noqa: S608
# By the index on a car's stays: the last one, whatever else there is.
_LAST = f"""
SELECT {_COLUMNS}, overstays.due_at AS alarm_due, overstays.contact AS alarm_contact,
       overstays.stay_id IS NOT NULL AND overstays.retracted_at IS NULL AS standing,
       overstays.told AS alarm_told
FROM unnest($1::uuid[], $2::text[]) AS car (compound_id, plate)
CROSS JOIN LATERAL (
    SELECT * FROM stays WHERE stays.compound_id = car.compound_id AND stays.plate = car.plate
    ORDER BY begins_at DESC LIMIT 1
) AS stays
{_ALARM}
"""  # noqa: S608
# What follows from the rest is not sent: each value is a good part of what a stay costs.
_BEGIN = """
INSERT INTO stays (id, community_id, compound_id, plate, state, first_device, first_read, begins_at,
                   entered_at, exited_at, due_at, judge_at, version)
SELECT id, community_id, compound_id, plate, state, first_device, first_read, begins_at,
       CASE WHEN state <> 'entry-missed' THEN begins_at END, exited_at, due_at,
       CASE judge WHEN 1 THEN due_at WHEN 2 THEN exited_at END, version
FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS begun (
    id uuid, community_id uuid, compound_id uuid, plate text, state text, first_device uuid, first_read text,
    begins_at timestamptz, exited_at timestamptz, due_at timestamptz, judge smallint, version bigint)
ON CONFLICT (id) DO UPDATE
SET state = excluded.state, exited_at = excluded.exited_at, due_at = excluded.due_at,
    judge_at = excluded.judge_at, version = excluded.version
"""
# Arrays here, of which the planner expects few rows: it probes an index for each.
_CHANGE = """
UPDATE stays
SET state = now.state, exited_at = now.exited_at, due_at = now.due_at, version = now.version,
    judge_at = CASE judge WHEN 1 THEN now.due_at WHEN 2 THEN now.exited_at END
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::smallint[], $6::bigint[])
     AS now (id, state, exited_at, due_at, judge, version)
WHERE stays.id = now.id
"""
_DROP = "DELETE FROM stays WHERE id = ANY($1::uuid[]) AND state = 'entry-missed'"
# A stay whose reads are gone (their retention is over) stands as it is; nothing can be judged of it any more.
_LEAVE = "UPDATE stays SET judge_at = NULL WHERE id = ANY($1::uuid[]) AND judge_at IS NOT NULL"
# One index probe for each compound: cost follows what is due, not what is open.
_DUE = """
SELECT due.compound_id, due.plate, due.begins_at
FROM unnest($1::uuid[], $2::timestamptz[]) AS mark (compound_id, at)
CROSS JOIN LATERAL (
    SELECT compound_id, plate, begins_at FROM stays
    WHERE stays.compound_id = mark.compound_id AND judge_at <= mark.at
    ORDER BY judge_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
) AS due
"""


class KnownStay(NamedTuple):
    """A stay as stored; `standing`: its overstay was found and not taken back, `alarm_told`: and heard."""

    id: UUID
    community: UUID
    compound: UUID
    plate: str
    state: StayState
    first_device: UUID
    first_read: str
    begins_at: datetime
    entered_at: datetime | None
    exited_at: datetime | None
    due_at: datetime | None
    judge_at: datetime | None
    version: int
    alarm_due: datetime | None = None
    alarm_contact: str | None = None
    standing: bool = False
    alarm_told: bool | None = None

    def began_with(self, read: GateRead) -> bool:
        return (self.first_device, self.first_read) == (read.device, read.read)

    def stay(self) -> Stay:
        """The stay as it was folded."""
        outwards = self.state is StayState.entry_missed
        first = GateRead(self.begins_at, outwards, self.first_device, self.first_read)
        return Stay(self.id, self.state, first, self.entered_at, self.exited_at)


async def around(connection: Connection, cars: Mapping[Car, datetime]) -> dict[Car, list[KnownStay]]:
    """The stays of cars from their last one that began before the given time on, in order."""
    rows = await connection.fetch(
        _AROUND, [compound for compound, _ in cars], [plate for _, plate in cars], list(cars.values())
    )
    found: dict[Car, list[KnownStay]] = {car: [] for car in cars}
    for row in rows:
        stay = _known(row)
        found[stay.compound, stay.plate].append(stay)
    return found


async def last_of(
    connection: Connection, cars: Mapping[UUID, Collection[str]]
) -> dict[UUID, dict[str, KnownStay]]:
    """The last stay of each car that has one, by compound and plate; of two that began at once either."""
    found: dict[UUID, dict[str, KnownStay]] = {compound: {} for compound in cars}
    rows = await connection.fetch(
        _LAST,
        [compound for compound, plates in cars.items() for _ in plates],
        [plate for plates in cars.values() for plate in plates],
    )
    for row in rows:
        found[row[2]][row[3]] = _known(row)
    return found


async def begin(connection: Connection, stays: Sequence[KnownStay]) -> None:
    """Store new stays; one that is there already, as it now stands."""
    rows = [
        {
            "id": stay.id,
            "community_id": stay.community,
            "compound_id": stay.compound,
            "plate": stay.plate,
            "state": stay.state,
            "first_device": stay.first_device,
            "first_read": stay.first_read,
            "begins_at": stay.begins_at,
            "exited_at": stay.exited_at,
            "due_at": stay.due_at,
            "judge": _judge(stay),
            "version": stay.version,
        }
        for stay in stays
    ]
    await connection.execute(_BEGIN, as_json(rows))


async def change(connection: Connection, stays: Sequence[KnownStay]) -> None:
    """Store stays as they now stand."""
    await connection.execute(
        _CHANGE,
        [stay.id for stay in stays],
        [stay.state.value for stay in stays],
        [stay.exited_at for stay in stays],
        [stay.due_at for stay in stays],
        [_judge(stay) for stay in stays],
        [stay.version for stay in stays],
    )


async def drop(connection: Connection, stays: Sequence[UUID]) -> None:
    """Forget exits that have found their entry; of other stays without reads nothing more is judged."""
    await connection.execute(_DROP, stays)
    await connection.execute(_LEAVE, stays)


async def due(
    connection: Connection, marks: Sequence[tuple[UUID, datetime]], most: int
) -> dict[Car, datetime]:
    """Claim the cars with stays to be judged at these watermarks, up to `most` for each compound.

    Gives from when on each car must be folded.
    """
    rows = await connection.fetch(_DUE, [mark[0] for mark in marks], [mark[1] for mark in marks], most)
    found: dict[Car, datetime] = {}
    for compound, plate, begins_at in rows:
        found[compound, plate] = min(begins_at, found.get((compound, plate), begins_at))
    return found


def _judge(stay: KnownStay) -> int:
    """Say at which of its times a stay must be looked at: 1 when due, 2 at its end, 0 never again."""
    if stay.judge_at is None:
        return 0
    return 1 if stay.judge_at == stay.due_at else 2


def _known(row: "asyncpg.Record") -> KnownStay:
    return KnownStay(row[0], row[1], row[2], row[3], StayState(row[4]), *row[5:])
