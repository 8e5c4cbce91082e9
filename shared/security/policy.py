"""Who may use a route, said at its endpoint; a route that says nothing cannot be built."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from shared.errors import Forbidden, Malformed, NotFound
from shared.security.actor import Actor
from shared.security.roles import Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_ATTRIBUTE = "linli_policy"
_PLATFORM = frozenset({Role.platform})
_NONE: frozenset[Role] = frozenset()


class Access(StrEnum):
    """Whom a policy lets in."""

    public = "public"
    signed = "signed"
    platform = "platform"
    members = "members"
    roles = "roles"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use one endpoint; `roles` counts only where `access` is roles."""

    access: Access
    roles: frozenset[Role] = frozenset()

    @property
    def needs_token(self) -> bool:
        return self.access not in {Access.public, Access.signed}

    def described(self) -> dict[str, Any]:
        """The policy as its page in OpenAPI shows it."""
        if self.access is Access.roles:
            return {"access": self.access.value, "roles": sorted(self.roles)}
        return {"access": self.access.value}

    def admits(self, roles: frozenset[Role], *, reading: bool) -> bool:
        """Tell whether these roles in the community suffice; a street reads all that its communities may."""
        if reading and Role.street in roles:
            return self.access is not Access.platform
        if self.access is Access.members:
            return not roles <= {Role.street, Role.platform}
        return not self.roles.isdisjoint(roles)


def allow(*roles: Role) -> Callable[[Endpoint], Endpoint]:
    """Let in whoever has one of the roles in the community of the request."""
    if not roles:
        raise TypeError("name the roles, or say @members() or @public()")
    return _marked(Policy(Access.roles, frozenset(roles)))


def members() -> Callable[[Endpoint], Endpoint]:
    """Let in whoever has any role in the community of the request."""
    return _marked(Policy(Access.members))


def platform() -> Callable[[Endpoint], Endpoint]:
    """Let in the platform, which belongs to no community."""
    return _marked(Policy(Access.platform, _PLATFORM))


def public() -> Callable[[Endpoint], Endpoint]:
    """Let in everybody."""
    return _marked(Policy(Access.public))


def signed() -> Callable[[Endpoint], Endpoint]:
    """Let in devices and providers: the endpoint itself verifies the signature over the raw body."""
    return _marked(Policy(Access.signed))


def policy_of(endpoint: Callable[..., Any]) -> Policy | None:
    """Find the policy that a decorator of this module gave to the endpoint."""
    return getattr(endpoint, _ATTRIBUTE, None)


def admit(
    policy: Policy, actor: Actor, community: UUID | None, *, reading: bool
) -> tuple[UUID | None, frozenset[Role]]:
    """Decide about one request: in which community it works and with which roles.

    `community` is the one that the caller named, if any. None comes back for the platform only.

    Raises:
        NotFound: the caller is no member, so that it may not even know that the community exists.
        Forbidden: a member, but without a role that suffices.
        Malformed: the token has several communities, or none, and the caller named none.
    """
    if policy.access is Access.platform:
        if not actor.platform:
            raise Forbidden("only the platform may do this")
        return community, _PLATFORM
    within = community or _only_community(actor)
    roles = actor.roles.get(within, _NONE)
    if actor.platform and Role.platform in policy.roles:
        return within, roles | _PLATFORM
    if not roles:
        raise NotFound("no such community")
    if not policy.admits(roles, reading=reading):
        raise Forbidden("none of your roles in this community may do this")
    return within, roles


def _only_community(actor: Actor) -> UUID:
    if len(actor.roles) != 1:
        raise Malformed(f"name the community in Linli-Community: the token has {len(actor.roles)}")
    return next(iter(actor.roles))


def _marked(policy: Policy) -> Callable[[Endpoint], Endpoint]:
    def mark(endpoint: Endpoint) -> Endpoint:
        if policy_of(endpoint) is not None:
            raise TypeError(f"{getattr(endpoint, '__name__', endpoint)} has a policy already")
        setattr(endpoint, _ATTRIBUTE, policy)
        return endpoint

    return mark
