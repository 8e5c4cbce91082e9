"""The one table of errors: class -> HTTP status and problem type, transient or permanent for a consumer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from asyncpg.exceptions._base import DataError as UnencodableError


class LinliError(Exception):
    """A named failure with words for the caller; `extensions` become members of the problem document."""

    def __init__(self, detail: str = "", **extensions: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extensions = extensions


class Malformed(LinliError):
    """The request cannot be parsed."""


class Unauthenticated(LinliError):
    """No valid token or signature."""


class Forbidden(LinliError):
    """Known, but not allowed to do this."""


class NotFound(LinliError):
    """There is no such thing, or the caller may not know that there is."""


class Conflict(LinliError):
    """The state of the thing does not permit this."""


class InProgress(LinliError):
    """The same request is under way; its answer will be there shortly."""


class StaleVersion(LinliError):
    """The thing has changed since the version that `If-Match` names."""


class TooLarge(LinliError):
    """The body exceeds its limit."""


class UnsupportedMedia(LinliError):
    """The body is of a media type or encoding that is not read here."""


class Invalid(LinliError):
    """Well-formed but wrong; `errors` lists what is wrong and where."""


class KeyReused(LinliError):
    """The idempotency key was used before with another request."""


class PreconditionRequired(LinliError):
    """A change needs `If-Match`, so that it cannot undo somebody else's."""


class TooManyRequests(LinliError):
    """The caller asks faster than it may."""


class Unavailable(LinliError):
    """Something this service needs is away; nothing was stored."""


class OutcomeUnknown(LinliError):
    """The answer to COMMIT was lost: the change may be stored or not; the same key tells."""


@dataclass(frozen=True)
class Handling:
    """How one class of error is answered; `retry_after` in seconds."""

    status: int
    slug: str
    title: str
    transient: bool = False
    retry_after: int | None = None


DATABASE_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a call of the database fails with; the last, when a statement meets a session that just ends."""

_DATABASE_AWAY = Handling(503, "database-away", "The database cannot be reached", True, 2)
_DATABASE_BUSY = Handling(503, "database-busy", "The database is busy", True, 1)
_SCHEMA_DIFFERS = Handling(500, "internal", "An error on our side", True)
_UNSTORABLE = Handling(422, "invalid", "A text holds a character that cannot be stored")

HANDLING: dict[type[BaseException], Handling] = {
    Malformed: Handling(400, "malformed", "The request cannot be parsed"),
    Unauthenticated: Handling(401, "unauthenticated", "A valid token or signature is required"),
    Forbidden: Handling(403, "forbidden", "Not allowed"),
    NotFound: Handling(404, "not-found", "Not found"),
    Conflict: Handling(409, "conflict", "The state does not permit this"),
    InProgress: Handling(409, "in-progress", "The same request is under way", True, 1),
    StaleVersion: Handling(412, "stale-version", "It has changed since it was read"),
    TooLarge: Handling(413, "too-large", "The body is too large"),
    UnsupportedMedia: Handling(415, "unsupported-media-type", "The media type is not supported"),
    Invalid: Handling(422, "invalid", "The request is not valid"),
    KeyReused: Handling(422, "key-reused", "The idempotency key was used with another request"),
    PreconditionRequired: Handling(428, "precondition-required", "If-Match is required"),
    TooManyRequests: Handling(429, "too-many-requests", "Too many requests", True, 1),
    Unavailable: Handling(503, "unavailable", "Temporarily unavailable", True, 2),
    OutcomeUnknown: Handling(503, "outcome-unknown", "Whether it was stored is not known", True, 1),
    # PostgreSQL says by SQLSTATE whether a repeat can help (appendix A of its manual).
    asyncpg.PostgresConnectionError: _DATABASE_AWAY,
    asyncpg.InterfaceError: _DATABASE_AWAY,  # "connection is closed"; its own subclass below is no such thing
    # U+0000 passes every schema and fits no text of PostgreSQL.
    asyncpg.CharacterNotInRepertoireError: _UNSTORABLE,
    asyncpg.UntranslatableCharacterError: _UNSTORABLE,
    UnencodableError: Handling(500, "internal", "A value does not fit its column"),
    asyncpg.InternalClientError: _DATABASE_AWAY,
    asyncpg.OperatorInterventionError: _DATABASE_AWAY,
    asyncpg.InsufficientResourcesError: _DATABASE_BUSY,
    asyncpg.TransactionRollbackError: _DATABASE_BUSY,
    asyncpg.LockNotAvailableError: _DATABASE_BUSY,
    asyncpg.QueryCanceledError: _DATABASE_BUSY,
    asyncpg.IdleInTransactionSessionTimeoutError: _DATABASE_BUSY,
    asyncpg.TransactionTimeoutError: _DATABASE_BUSY,
    asyncpg.ReadOnlySQLTransactionError: _DATABASE_AWAY,  # a standby, just before or after a failover
    # A migration runs beside this code: no event is at fault, and each is worth the wait.
    asyncpg.UndefinedTableError: _SCHEMA_DIFFERS,
    asyncpg.UndefinedColumnError: _SCHEMA_DIFFERS,
    asyncpg.UndefinedFunctionError: _SCHEMA_DIFFERS,
    asyncpg.InsufficientPrivilegeError: _SCHEMA_DIFFERS,
    OSError: _DATABASE_AWAY,
    TimeoutError: Handling(503, "timeout", "It took too long", True, 2),
}


def handling_of(
    error: BaseException, added: Mapping[type[BaseException], Handling] | None = None
) -> Handling | None:
    """Find the row for an error: its own class first, then its bases; None for what nobody foresaw."""
    for cls in type(error).__mro__:
        if added and cls in added:
            return added[cls]
        if cls in HANDLING:
            return HANDLING[cls]
    return None


def is_transient(error: BaseException, added: Mapping[type[BaseException], Handling] | None = None) -> bool:
    """Tell whether the same work may succeed later without anybody changing anything."""
    handling = handling_of(error, added)
    return handling is not None and handling.transient
