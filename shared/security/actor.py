"""Who asks: what a verified token says of its bearer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from shared.contracts.fields import PersonId
from shared.identifiers import id_of
from shared.security.roles import Role

_PERSON: TypeAdapter[str] = TypeAdapter(PersonId)
_KNOWN = {role.value: role for role in Role if role is not Role.platform}


@dataclass(frozen=True)
class Actor:
    """A person or system by the identity provider's subject, with its roles in each of its communities."""

    person: str
    roles: Mapping[UUID, frozenset[Role]]
    platform: bool = False


def actor_of(claims: Mapping[str, Any]) -> Actor:
    """Read the actor from a token's claims: `sub`, and `linli` with `communities` and `platform`.

    Roles that this release does not know are left out, so that the provider may learn new ones first.

    Raises:
        ValueError, TypeError: a claim has another form, or the subject is no `PersonId`.
    """
    granted = claims.get("linli", {})
    person = _PERSON.validate_python(claims.get("sub"), strict=True)  # what no fact could name may do nothing
    communities = granted.get("communities", {}) if isinstance(granted, dict) else None
    if not isinstance(communities, dict):
        raise TypeError("the claim `linli` has another form")
    roles = {id_of(name): _roles(names) for name, names in communities.items()}
    return Actor(person, roles, platform=granted.get("platform") is True)


def _roles(names: Any) -> frozenset[Role]:
    if not isinstance(names, list):
        raise TypeError("the roles in a community are a list")
    return frozenset(_KNOWN[name] for name in names if isinstance(name, str) and name in _KNOWN)
