"""The compiled routing of each community, kept as long as the database says it is current."""

from collections.abc import Sequence
from uuid import UUID

from services.issues.domain.dispatch import Routing
from services.issues.store.routing import read_routing, routing_versions
from shared.database.work import Connection


class Routings:
    """Categories and rules by community; their version is read in every transaction that uses them."""

    def __init__(self) -> None:
        self._kept: dict[UUID, Routing] = {}

    async def current(self, connection: Connection, communities: Sequence[UUID]) -> dict[UUID, Routing]:
        """Give the routing of each community as this transaction sees it; unknown ones are left out."""
        versions = await routing_versions(connection, communities)
        for community, version in versions.items():
            kept = self._kept.get(community)
            if kept is None or kept.version != version:
                self._kept[community] = await read_routing(connection, community)
        return {community: self._kept[community] for community in versions}
