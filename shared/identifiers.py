"""Ids: UUIDv7 for what we make, UUIDv5 for what is derived from something that has a name already."""

from uuid import UUID, uuid5

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Make a UUIDv7: time-ordered, so that indexes grow at one end (RFC 9562 section 5.7)."""
    return uuid7()


def derived_id(namespace: UUID, name: str) -> UUID:
    """Derive the UUIDv5 that `name` always has within `namespace` (RFC 9562 section 5.5)."""
    return uuid5(namespace, name)
