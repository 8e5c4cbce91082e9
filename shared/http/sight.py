"""Who may see a fact of a service as it happens; nobody, unless its table says so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.contracts import Assignee
from shared.contracts.fact import Fact
from shared.security.roles import Role

Concerned = str | Assignee | None
"""A person, or whoever is to act: a person, a role, the volunteers."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One line of the table; made by `visible_to` and `nobody`."""

    roles: frozenset[Role] = frozenset()
    concerned: Callable[[Any], Iterable[Concerned]] | None = None
    reason: str = ""
    partly: frozenset[Role] = frozenset()
    hidden: frozenset[str] = frozenset()
    partly_concerned: Callable[[Any], Iterable[Concerned]] | None = None

    def admits(self, person: str, roles: frozenset[Role], fact: Fact) -> bool:
        """Tell whether a person with these roles in the fact's community may see it, or a part of it."""
        return (
            not self.partly.isdisjoint(roles)
            or self._admits_to_all(person, roles, fact)
            or _is_among(self.partly_concerned, person, roles, fact)
        )

    def hides(self, person: str, roles: frozenset[Role], fact: Fact) -> frozenset[str]:
        """Give the fields, `outer.inner` for one of a part, that somebody who is admitted may not see."""
        return self.hidden if self.hidden and not self._admits_to_all(person, roles, fact) else frozenset()

    def _admits_to_all(self, person: str, roles: frozenset[Role], fact: Fact) -> bool:
        return not self.roles.isdisjoint(roles) or _is_among(self.concerned, person, roles, fact)

    def described(self) -> str:
        """Whom it admits, in words."""
        if self.reason:
            return f"nobody: {self.reason}"
        whom = [", ".join(sorted(self.roles))] if self.roles else []
        whom += ["the persons concerned"] if self.concerned else []
        some = sorted(self.partly) + (["others concerned"] if self.partly_concerned else [])
        if some:
            whom.append(f"without {', '.join(sorted(self.hidden))}: {', '.join(some)}")
        return "; ".join(whom)


Watch = Mapping[type[Fact], Sight]


def visible_to(
    *roles: Role,
    concerned: Callable[[Any], Iterable[Concerned]] | None = None,
    partly: Iterable[Role] = (),
    hidden: Iterable[str] = (),
    partly_concerned: Callable[[Any], Iterable[Concerned]] | None = None,
) -> Sight:
    """Show a fact to these roles of its community, to its street, and to whom `concerned` finds in it.

    The roles `partly`, and whom `partly_concerned` finds in it, see it without the fields `hidden`, unless
    they see it for another reason.
    Tokens name roles by community: of an assignee that is a role in a place, all who hold the role see it.
    """
    if not roles and concerned is None:
        raise TypeError("name roles or persons, or say nobody(…) and why")
    # A street reads all that its communities may; what concerns single persons is theirs.
    all_of_it = frozenset({*roles, Role.street}) if roles else frozenset()
    return Sight(
        all_of_it,
        concerned,
        partly=frozenset(partly),
        hidden=frozenset(hidden),
        partly_concerned=partly_concerned,
    )


def nobody(reason: str) -> Sight:
    """Show a fact to nobody, and say why."""
    return Sight(reason=reason)


def _is_among(
    found: Callable[[Any], Iterable[Concerned]] | None, person: str, roles: frozenset[Role], fact: Fact
) -> bool:
    return found is not None and any(_is_meant(person, roles, each) for each in found(fact))


def _is_meant(person: str, roles: frozenset[Role], concerned: Concerned) -> bool:
    if not isinstance(concerned, Assignee):
        return concerned == person
    return (
        concerned.person == person
        or concerned.role in roles
        or (concerned.volunteers and Role.volunteer in roles)
    )
