"""Replacing only what is still as the caller has read it."""

from uuid import UUID

from shared.database.work import Work
from shared.errors import NotFound, PreconditionRequired, StaleVersion
from shared.http.etag import matching


def next_version(actual: int | None, expected: int | None) -> int:
    """Give the version after a PUT: whoever replaces something names the version they have read.

    Raises:
        PreconditionRequired: it exists and no version was named.
        StaleVersion: it has changed, or does not exist.
    """
    if actual is None:
        if expected is not None:
            raise StaleVersion("it does not exist yet")
        return 1
    if expected is None:
        raise PreconditionRequired("it exists; send If-Match with the ETag of what you have seen")
    matching(actual, expected)
    return actual + 1


def tenant(work: Work) -> UUID:
    """Name the community that this unit of work is walled into."""
    if work.community is None:
        raise RuntimeError("this use case works in one community")
    return work.community


def missing(what: str) -> NotFound:
    """Say that something is not there, or not for the caller to know."""
    return NotFound(f"no such {what}")
