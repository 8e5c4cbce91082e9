"""Roles granted to persons in places: they serve audiences, dispatch and quorum, not authorisation."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.issues.domain.places import Place, PlaceClosed
from services.issues.domain.words import person_id

# What can be granted in a place. `platform` is not: it spans communities.
GRANTABLE = frozenset(
    {
        "street",
        "operator",
        "dispatcher",
        "handler",
        "property",
        "representative",
        "councillor",
        "guard",
        "steward",
        "resident",
        "rider",
        "volunteer",
        "intake",
        "importer",
    }
)


class UnknownRole(ValueError):
    """There is no such role to grant."""


class AlreadyGranted(Exception):
    """The person holds that role in that place already."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A person holds a role in a place until it is revoked; at most one such grant is open."""

    id: UUID
    community: UUID
    person: str
    role: str
    place: UUID
    granted_at: datetime
    revoked_at: datetime | None = None
    version: int = 1


def new_grant(grant_id: UUID, person: str, role: str, place: Place, at: datetime) -> Grant:
    """Grant a role in a place.

    Raises:
        UnknownRole: the role cannot be granted.
        PlaceClosed: the place is closed.
        WrongWord: that is no person id.
    """
    if role not in GRANTABLE:
        raise UnknownRole(f"{role} is not a role that can be granted")
    if place.closed_at is not None:
        raise PlaceClosed(f"{place.code} is closed")
    return Grant(grant_id, place.community, person_id(person), role, place.id, at)


def revoke(grant: Grant, at: datetime) -> Grant:
    """End a grant; revoking it again changes nothing."""
    if grant.revoked_at is not None:
        return grant
    return replace(grant, revoked_at=at, version=grant.version + 1)
