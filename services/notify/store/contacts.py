"""Rows of contacts. Numbers come and go sealed; only sending and masking open them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notify.domain.contacts import Channel, Language, Reach
from services.notify.store.phones import Sealed
from services.notify.store.preferences import wishes_from
from shared.database.rows import as_json
from shared.database.work import Connection


@dataclass(frozen=True, slots=True)
class Row:
    """A contact as it is stored."""

    community: UUID
    person: str
    language: Language
    phone: Sealed | None
    push_token: str | None
    version: int = 1


_COLUMNS = "community_id, person, language, phone_sealed, phone_key, phone_hash, push_token, version"

_PUT = """
INSERT INTO contacts (
    community_id, person, language, phone_sealed, phone_key, phone_hash, push_token, changed_at
)
SELECT community_id, person, language, phone_sealed, phone_key, phone_hash, push_token, $8
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bytea[], $7::text[])
     AS row (community_id, person, language, phone_sealed, phone_key, phone_hash, push_token)
ON CONFLICT (community_id, person) DO UPDATE
SET language = excluded.language, phone_sealed = excluded.phone_sealed, phone_key = excluded.phone_key,
    phone_hash = excluded.phone_hash, push_token = excluded.push_token, changed_at = excluded.changed_at,
    version = contacts.version + 1
RETURNING person, version
"""

# Those who are reached alike, which most are, come as one row. The names go as JSON, which takes this process
# a fifth of what an array does. OFFSET 0 lets each look up its own row: how few are asked for, the planner
# cannot know.
_REACHES = """
SELECT asked.community_id, found.*, array_agg(number::integer) AS numbers
FROM json_to_recordset(convert_from($1, 'UTF8')::json) AS asked (community_id uuid, persons json)
CROSS JOIN json_array_elements_text(persons) WITH ORDINALITY AS each (person, number)
CROSS JOIN LATERAL (
    SELECT language, phone_sealed IS NOT NULL AS sms, push_token IS NOT NULL AS push,
           quiet_from, quiet_until, categories
    FROM contacts LEFT JOIN preferences USING (community_id, person)
    WHERE contacts.community_id = asked.community_id AND contacts.person = each.person
    OFFSET 0
) AS found
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""

_OLD_KEYS = f"""
SELECT {_COLUMNS} FROM contacts
WHERE phone_key <> $1 AND (phone_key, community_id, person) > ($2, $3, $4)
ORDER BY phone_key, community_id, person LIMIT $5 FOR UPDATE SKIP LOCKED
"""  # noqa: S608  (a constant)

_RESEAL = """
UPDATE contacts SET phone_sealed = row.sealed, phone_key = $5, phone_hash = row.hash
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) AS row (community_id, person, sealed, hash)
WHERE contacts.community_id = row.community_id AND contacts.person = row.person
"""


async def put(connection: Connection, rows: Sequence[Row], now: datetime) -> Mapping[str, int]:
    """Store contacts of distinct persons, new or changed; answers each person's version."""
    phones = [row.phone for row in rows]
    stored = await connection.fetch(
        _PUT,
        [row.community for row in rows],
        [row.person for row in rows],
        [row.language for row in rows],
        [phone.ciphertext if phone else None for phone in phones],
        [phone.key if phone else None for phone in phones],
        [phone.hash if phone else None for phone in phones],
        [row.push_token for row in rows],
        now,
    )
    return {row["person"]: row["version"] for row in stored}


async def find(connection: Connection, community: UUID, person: str, *, changing: bool = False) -> Row | None:
    """Read one contact, and keep others from changing it meanwhile when it is about to be changed."""
    lock = "FOR UPDATE" if changing else ""
    query = f"SELECT {_COLUMNS} FROM contacts WHERE community_id = $1 AND person = $2 {lock}"  # noqa: S608
    found = await connection.fetchrow(query, community, person)
    return _row(found) if found else None


async def having(connection: Connection, community: UUID, hashes: Sequence[bytes]) -> list[Row]:
    """Find whose number has one of these hashes: a family may share a telephone."""
    query = f"""SELECT {_COLUMNS} FROM contacts WHERE community_id = $1 AND phone_hash = ANY($2::bytea[])
                ORDER BY person LIMIT 100"""  # noqa: S608
    return [_row(found) for found in await connection.fetch(query, community, hashes)]


async def erase(connection: Connection, community: UUID, person: str) -> None:
    """Delete a contact and its preferences: nothing is left, since messages hold no number."""
    for table in ("contacts", "preferences"):
        query = f"DELETE FROM {table} WHERE community_id = $1 AND person = $2"  # noqa: S608  (a constant)
        await connection.execute(query, community, person)


async def reaches(
    connection: Connection, persons: Mapping[UUID, Collection[str]]
) -> Mapping[UUID, Mapping[str, Reach]]:
    """Tell by which channels the persons of communities can be reached; who has no contact is left out."""
    asked = {community: list(each) for community, each in persons.items()}
    rows = as_json([{"community_id": community, "persons": each} for community, each in asked.items()])
    found: dict[UUID, dict[str, Reach]] = {community: {} for community in asked}
    for row in await connection.fetch(_REACHES, rows):
        names = asked[row["community_id"]]
        alike = [names[number - 1] for number in row["numbers"]]
        found[row["community_id"]] |= dict.fromkeys(alike, _reach(row))
    return found


async def sealed_with_other_keys(
    connection: Connection, current: str, after: tuple[str, UUID, str], limit: int
) -> list[Row]:
    """Take some contacts whose number is sealed with an old key, by key, community and person."""
    return [_row(found) for found in await connection.fetch(_OLD_KEYS, current, *after, limit)]


async def sealed_by_key(connection: Connection) -> Mapping[str, int]:
    """Count the numbers that each key seals."""
    rows = await connection.fetch(
        "SELECT phone_key, count(*) FROM contacts WHERE phone_key IS NOT NULL GROUP BY phone_key"
    )
    return {row["phone_key"]: row["count"] for row in rows}


async def reseal(connection: Connection, rows: Sequence[tuple[Row, Sealed]], current: str) -> None:
    """Replace what seals the numbers; the contact itself does not change."""
    await connection.execute(
        _RESEAL,
        [row.community for row, _ in rows],
        [row.person for row, _ in rows],
        [sealed.ciphertext for _, sealed in rows],
        [sealed.hash for _, sealed in rows],
        current,
    )


def _reach(row: Any) -> Reach:
    channels = frozenset(channel for channel in Channel if row[channel.value])
    wishes = None if row["categories"] is None else wishes_from(row)
    return Reach(Language(row["language"]), channels, wishes)


def _row(found: Any) -> Row:
    sealed, key, hashed = found["phone_sealed"], found["phone_key"], found["phone_hash"]
    return Row(
        found["community_id"],
        found["person"],
        Language(found["language"]),
        Sealed(key, sealed, hashed) if sealed is not None else None,
        found["push_token"],
        found["version"],
    )
