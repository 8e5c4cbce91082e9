"""What volunteers can do and may do, each until some day."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.work import Connection

_GRANT = """
INSERT INTO skills (volunteer_id, code, community_id, valid_until, granted_at, granted_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (volunteer_id, code) DO UPDATE SET
    valid_until = excluded.valid_until, granted_at = excluded.granted_at, granted_by = excluded.granted_by
WHERE skills.community_id = excluded.community_id
"""
_WITHDRAW = """
DELETE FROM skills WHERE community_id = $1 AND volunteer_id = $2 AND code = $3 RETURNING code
"""
_LIST = """
SELECT code, valid_until, granted_at, granted_by FROM skills
WHERE community_id = $1 AND volunteer_id = $2 ORDER BY code
"""


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill, valid up to but without `valid_until`, or for good."""

    code: str
    valid_until: datetime | None
    granted_at: datetime
    granted_by: str

    def holds(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.valid_until is None or now < self.valid_until

    def covers(self, until: datetime) -> bool:
        """Whether it counts for all of a time that ends then, half open."""
        return self.valid_until is None or until <= self.valid_until


async def grant(connection: Connection, community: UUID, volunteer: UUID, skill: Skill) -> None:
    """Stores a skill, or its new expiry."""
    await connection.execute(
        _GRANT, volunteer, skill.code, community, skill.valid_until, skill.granted_at, skill.granted_by
    )


async def withdraw(connection: Connection, community: UUID, volunteer: UUID, code: str) -> bool:
    """Takes a skill away; False when there is none."""
    return await connection.fetchval(_WITHDRAW, community, volunteer, code) is not None


async def of_volunteer(connection: Connection, community: UUID, volunteer: UUID) -> list[Skill]:
    """All skills of a volunteer, expired ones too."""
    return [Skill(**row) for row in await connection.fetch(_LIST, community, volunteer)]
