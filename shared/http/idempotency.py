"""Idempotency keys: the first answer is kept in the transaction that made it true, and given again.

The row comes first and its unique index does the rest: whoever arrives with the same key while the first
is under way waits for that transaction's end, and then finds its answer, or, after a rollback, is the first.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from shared.database.tenancy import tenant_policy
from shared.database.work import Connection, Works
from shared.errors import InProgress, KeyReused, Malformed

KEPT = timedelta(days=7)
"""How long an answer is kept (wall time); a key sent again later starts anew."""
NO_COMMUNITY = UUID(int=0)
"""Stands for the community in the keys of the platform, which belongs to none."""

IDEMPOTENCY_TABLE: tuple[str, ...] = (
    """CREATE TABLE idempotency_keys (
        community_id uuid NOT NULL,
        actor text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status smallint,
        etag text,
        location text,
        body bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (community_id, actor, key)
    )""",
    # Rows arrive in order of time, so the block range index costs next to nothing and serves cleaning.
    "CREATE INDEX ON idempotency_keys USING brin (created_at) WITH (autosummarize = on)",
    *tenant_policy("idempotency_keys", privileges="SELECT, INSERT, UPDATE"),
)

_CLAIM = """
INSERT INTO idempotency_keys (community_id, actor, key, fingerprint) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING true"""
_FIND = """
SELECT fingerprint, status, body, etag, location FROM idempotency_keys
WHERE community_id = $1 AND actor = $2 AND key = $3"""
_ANSWER = """
UPDATE idempotency_keys SET status = $4, body = $5, etag = $6, location = $7
WHERE community_id = $1 AND actor = $2 AND key = $3"""
_CLAIM_MANY = """
INSERT INTO idempotency_keys (community_id, actor, key, fingerprint, status, body, etag, location)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::bytea[], $7::text[],
                     $8::text[])
ON CONFLICT DO NOTHING RETURNING community_id, actor, key"""
_FIND_MANY = """
SELECT community_id, actor, key, fingerprint, status, body, etag, location
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS wanted (community_id, actor, key)
JOIN idempotency_keys USING (community_id, actor, key)"""
_FORGET = """
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1::interval LIMIT 5000))"""

Ident = tuple[UUID, str, str]


class StoredAnswer(NamedTuple):
    """What a request was answered."""

    fingerprint: bytes
    status: int
    body: bytes
    etag: str | None = None
    location: str | None = None

    def for_request(self, fingerprint: bytes) -> "StoredAnswer":
        """Give this answer to the same request.

        Raises:
            KeyReused: it is another request.
        """
        if self.fingerprint != fingerprint:
            raise KeyReused("this Idempotency-Key was used before with another request; make a new one")
        return self


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """A key together with the answer that its request will get, for batches that know it beforehand."""

    community: UUID
    actor: str
    key: str
    fingerprint: bytes
    answer_status: int
    answer: bytes
    etag: str | None = None
    location: str | None = None

    @property
    def ident(self) -> Ident:
        return self.community, self.actor, self.key


def read_key(header: bytes | None) -> str | None:
    """Read the header `Idempotency-Key`, quoted (as its draft has it) or not.

    Raises:
        Malformed: empty, longer than 200 characters, or not printable ASCII.
    """
    if header is None:
        return None
    key = header.decode("latin-1").strip()
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= 200 or not key.isascii() or not key.isprintable():
        raise Malformed("Idempotency-Key needs 1 to 200 printable ASCII characters")
    return key


def fingerprint(method: str, target: str, body: bytes) -> bytes:
    """Tell requests apart: SHA-256 of the line and the body as sent, so that a retry sends the same bytes."""
    return hashlib.sha256(request_line(method, target) + body).digest()


def request_line(method: str, target: str) -> bytes:
    """Begin a fingerprint whose body comes in parts."""
    return f"{method} {target}\n".encode()


async def claim_key(connection: Connection, ident: Ident, fingerprint: bytes) -> StoredAnswer | None:
    """Take a key for the running transaction; what comes back instead was answered before.

    Raises:
        InProgress: the same request has been under way for longer than the role's lock timeout.
        KeyReused: the key was used with another request.
    """
    try:
        if await connection.fetchval(_CLAIM, *ident, fingerprint):
            return None
    except (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError) as error:
        raise InProgress("the same request is under way; ask again shortly") from error
    row = await connection.fetchrow(_FIND, *ident)
    if row is None:  # cleaned away between the two statements: as good as new next time
        raise InProgress("the key has just expired; ask again")
    return StoredAnswer(*row).for_request(fingerprint)


async def keep_answer(connection: Connection, ident: Ident, answer: StoredAnswer) -> None:
    """Keep the answer with the key that the running transaction has taken."""
    await connection.execute(_ANSWER, *ident, answer.status, answer.body, answer.etag, answer.location)


async def claim_keys(connection: Connection, claims: Sequence[KeyClaim]) -> dict[Ident, StoredAnswer]:
    """Take the keys of a whole batch with their answers; return those that were there already.

    Of claims with the same key in one batch the first is stored; `answers_before` tells all of them apart.

    Raises:
        InProgress: one of the requests is under way elsewhere for longer than the role's lock timeout.
    """
    if not claims:
        return {}
    # In one order everywhere: two batches with common keys wait for each other and do not deadlock.
    ordered = sorted({claim.ident: claim for claim in reversed(claims)}.items())
    try:
        new = await connection.fetch(_CLAIM_MANY, *_columns(claim for _, claim in ordered))
    except asyncpg.LockNotAvailableError as error:
        raise InProgress("the same request is under way; ask again shortly") from error
    if len(new) == len(ordered):
        return {}
    taken = {(row[0], row[1], row[2]) for row in new}
    return await find_answers(connection, [ident for ident, _ in ordered if ident not in taken])


async def find_answers(connection: Connection, idents: Sequence[Ident]) -> dict[Ident, StoredAnswer]:
    """Look up the answers kept under keys, and take none."""
    if not idents:
        return {}
    rows = await connection.fetch(_FIND_MANY, *(list(column) for column in zip(*idents, strict=True)))
    return {(row[0], row[1], row[2]): StoredAnswer(*row[3:]) for row in rows}


def answers_before(
    claims: Sequence[KeyClaim], stored: Mapping[Ident, StoredAnswer]
) -> list[StoredAnswer | KeyReused | None]:
    """Say for each claim of a batch whether it is new (None), a repeat, or another request with a used key.

    `stored` is what `claim_keys` returned; a key that occurs twice in the batch is a repeat of its first.
    """
    known = dict(stored)
    found: list[StoredAnswer | KeyReused | None] = []
    for claim in claims:
        before = known.get(claim.ident)
        if before is None:
            known[claim.ident] = StoredAnswer(
                claim.fingerprint, claim.answer_status, claim.answer, claim.etag, claim.location
            )
            found.append(None)
            continue
        try:
            found.append(before.for_request(claim.fingerprint))
        except KeyReused as error:
            found.append(error)
    return found


async def forget_keys(works: Works) -> int:
    """Delete some of the answers that are older than they are kept, for a schedule; return how many."""
    async with works.for_system("idempotency") as work:
        status = await work.connection.execute(_FORGET, KEPT)
    return int(status.rsplit(" ", 1)[1])


def _columns(claims: Iterable[KeyClaim]) -> list[list[object]]:
    rows = [
        (c.community, c.actor, c.key, c.fingerprint, c.answer_status, c.answer, c.etag, c.location)
        for c in claims
    ]
    return [list(column) for column in zip(*rows, strict=True)]
