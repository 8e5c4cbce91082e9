"""What dispatch decides in each community, kept as long as the database says it is current."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from services.issues.domain.dispatch import Assignee, Path, Routing
from services.issues.domain.escalation import USUAL_LADDER, Ladder
from services.issues.store.ladders import DEFAULT, ladders_of
from services.issues.store.places import paths_of
from services.issues.store.reports import Decision
from services.issues.store.routing import read_routing, routing_versions
from services.issues.usecases.calendars import calendars
from services.issues.usecases.case_facts import dispatchers_of
from services.issues.usecases.report_decisions import decided
from shared.database.work import Connection
from shared.errors import Invalid
from shared.http.problem import field_problem

MOST_KEPT = 50_000


class CurrentRouting:
    """One community's routing at one version, with the places and decisions it has been asked for.

    A place never moves, and closing one changes the version, so a path that was found stays right.
    """

    def __init__(
        self, community: UUID, routing: Routing, ladders: Mapping[str, Ladder], dispatchers: Assignee
    ) -> None:
        self.community = community
        self.routing = routing
        self.dispatchers = dispatchers
        self.calendars = calendars(routing.time)
        self._ladders = ladders
        self._paths: dict[UUID, Path] = {community: (community,)}
        self._decided: dict[tuple[str, UUID], Decision] = {}
        self._made: dict[tuple[str, Assignee | None, str | None], Decision] = {}

    def unknown(self, places: Iterable[UUID]) -> set[UUID]:
        """Tell which places have to be looked up first."""
        return {place for place in places if place not in self._paths}

    def learn(self, paths: Iterable[Path]) -> None:
        """Take in the paths of open places."""
        if len(self._paths) > MOST_KEPT:
            self._paths = {self.community: (self.community,)}
        self._paths.update((path[-1], path) for path in paths)

    def path(self, place: UUID | None) -> Path:
        """Give the way to a place; of one that is not known as open, to the community alone."""
        return self._paths.get(place or self.community, (self.community,))

    def ladder(self, category: str) -> Ladder:
        """Say who hears when cases of a category are late."""
        return self._ladders.get(category) or self._ladders.get(DEFAULT) or USUAL_LADDER

    def decision(self, category: str, place: UUID | None) -> Decision:
        """Decide where a report of this category and place goes; nowhere yet where it is looked at first.

        Raises:
            Invalid: no such category, or no such open place in the community.
        """
        key = (category, place or self.community)
        found = self._decided.get(key)
        if found is None:
            if len(self._decided) > MOST_KEPT:
                self._decided.clear()
            found = self._decided[key] = self._decide(*key)
        return found

    def _decide(self, code: str, place: UUID) -> Decision:
        category = self.routing.categories.get(code)
        if category is None:
            raise _unknown("category", "no category has this code")
        path = self._paths.get(place)
        if path is None:
            raise _unknown("place", "no open place has this id")
        assignee, rule = (None, None) if category.screened else self.routing.choose(code, path)
        made = self._made.get((code, assignee, rule))
        if made is None:
            made = self._made[code, assignee, rule] = decided(
                self.community,
                category,
                self.calendars[category.counted],
                assignee,
                rule,
                self.dispatchers,
            )
        return made


class Routings:
    """The routing of each community; its version is looked at in every transaction that uses it."""

    def __init__(self) -> None:
        self.kept: dict[UUID, CurrentRouting] = {}

    async def current(
        self, connection: Connection, communities: Sequence[UUID]
    ) -> dict[UUID, CurrentRouting]:
        """Give the routing of each community as this transaction sees it; unknown ones are left out."""
        versions = await routing_versions(connection, communities)
        changed = [
            community
            for community, version in versions.items()
            if (kept := self.kept.get(community)) is None or kept.routing.version != version
        ]
        if changed:
            # Held while they are read, so that all that is read of one is of one version.
            for community in await routing_versions(connection, changed, held=True):
                routing = await read_routing(connection, community)
                ladders = await ladders_of(connection, community)
                dispatchers = await dispatchers_of(connection, community)
                self.kept[community] = CurrentRouting(community, routing, ladders, dispatchers)
        return {community: self.kept[community] for community in versions}


async def learn_places(
    connection: Connection, named: Iterable[tuple[UUID, UUID | None]], routings: dict[UUID, CurrentRouting]
) -> None:
    """Look up the places, named by community and id, that the routings do not know yet."""
    wanted: dict[UUID, set[UUID]] = {}
    for community, place in named:
        if place is not None:
            wanted.setdefault(community, set()).add(place)
    pairs = [
        (community, place)
        for community, places in wanted.items()
        if community in routings
        for place in routings[community].unknown(places)
    ]
    if not pairs:
        return
    found = await paths_of(connection, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    for path in found:
        routings[path[0]].learn([path])


def _unknown(field: str, message: str) -> Invalid:
    return Invalid(message, errors=[field_problem("body", [field], "unknown", message)])
