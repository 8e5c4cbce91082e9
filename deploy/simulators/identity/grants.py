"""Grants that no register can hold: the platform's administrator, and systems that act in every community."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from deploy.simulators.identity.register import Register

DEVELOPMENT_GRANTS: Final = Path(__file__).parent / "grants.json"
EVERYWHERE: Final = "*"


class Grant(BaseModel):
    """What one person or system may do; `*` stands for every community of the register."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    platform: bool = False
    communities: dict[str, frozenset[str]] = Field(default_factory=dict)


class Grants:
    """The bootstrap file: `{person: {"platform": bool, "communities": {id or "*": [role, …]}}}`."""

    def __init__(self, path: Path) -> None:
        self._grants = TypeAdapter(dict[str, Grant]).validate_json(path.read_bytes())

    def claim(self, person: str, register: Register) -> dict[str, object]:
        """The token's `linli` claim: what the file says and what the register says."""
        grant = self._grants.get(person, Grant())
        roles = {str(place): set(held) for place, held in register.roles_of(person).items()}
        for community, added in grant.communities.items():
            for name in _named(community, register.communities()):
                roles.setdefault(name, set()).update(added)
        communities = {name: sorted(held) for name, held in sorted(roles.items())}
        claim: dict[str, object] = {"communities": communities}
        return {**claim, "platform": True} if grant.platform else claim


def _named(community: str, known: Iterable[UUID]) -> list[str]:
    return [str(place) for place in known] if community == EVERYWHERE else [community]
