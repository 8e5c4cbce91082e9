"""How many cars are in compounds, and how many of their gates are heard of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

# A stay that is still open, had a limit, and waits for no judgement any more is a standing overstay.
_COUNTS = """
SELECT compounds.id, name, spaces, gates.lanes, gates.heard, inside.cars, inside.overstays
FROM compounds
CROSS JOIN LATERAL (
    SELECT count(*) AS lanes,
           count(*) FILTER (
               WHERE advanced_at >= $3::timestamptz - make_interval(secs => silent_seconds)
           ) AS heard
    FROM devices WHERE compound_id = compounds.id AND role <> 'patrol' AND retired_at IS NULL
) AS gates
CROSS JOIN LATERAL (
    SELECT count(*) AS cars, count(*) FILTER (WHERE due_at IS NOT NULL AND judge_at IS NULL) AS overstays
    FROM stays WHERE compound_id = compounds.id AND state = 'open'
) AS inside
WHERE community_id = $1 AND CASE WHEN $2::uuid IS NULL THEN NOT closed ELSE id = $2 END
ORDER BY name, id
"""


@dataclass(frozen=True, slots=True)
class Count:
    """One compound: its gates in service, those heard of lately, and the cars they let in."""

    compound: UUID
    name: str | None
    spaces: int | None
    lanes: int
    heard: int
    cars: int
    overstays: int


async def counts(
    connection: Connection, community: UUID, compound: UUID | None, wall: datetime
) -> Sequence[Count]:
    """Count the cars in one compound, or in all of a community that are not closed."""
    return [Count(*row) for row in await connection.fetch(_COUNTS, community, compound, wall)]
