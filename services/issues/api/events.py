"""Who may see which fact of issues at `GET /events`, as it happens."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared import contracts
from shared.contracts import Assignee
from shared.contracts.fact import Fact
from shared.contracts.issues.life import OfCase
from shared.http.sight import Concerned, Sight, Watch, nobody, visible_to
from shared.security.roles import Role

_ROOM = (Role.operator, Role.dispatcher)
_WHO = ("reporter", "followers", "resolver", "assignee.person", "told.person", "was_assigned_to.person")
"""Who is in it; to follow a case is to hear what becomes of it, as the public view shows nobody either."""


def _has(assignee: Assignee | None) -> Concerned:
    # A case of the volunteers is nobody's of them: one takes its task, of which volunteer's facts tell.
    return None if assignee is None or assignee.volunteers else assignee


def _concerned(fact: contracts.IssueResolved | OfCase) -> Iterable[Concerned]:
    return (_has(fact.assignee), fact.reporter)


def _assigned(fact: contracts.IssueAssigned) -> Iterable[Concerned]:
    return (_has(fact.assignee), _has(fact.was_assigned_to), fact.reporter)


def _told(
    fact: contracts.IssueReturned
    | contracts.IssueReopened
    | contracts.IssueWithdrawn
    | contracts.IssueOverdue
    | contracts.IssueExtended
    | contracts.IssueExtensionAsked
    | contracts.IssueExtensionRefused,
) -> Iterable[Concerned]:
    return (_has(fact.told), *_concerned(fact))


_CONCERNED: Mapping[type[Fact], Callable[[Any], Iterable[Concerned]]] = {
    contracts.IssueAccepted: _concerned,
    contracts.IssueRefused: _concerned,
    contracts.IssueAssigned: _assigned,
    contracts.IssueStarted: _concerned,
    contracts.IssueReturned: _told,
    contracts.IssueOverdue: _told,
    contracts.IssueExtended: _told,
    contracts.IssueExtensionAsked: _told,
    contracts.IssueExtensionRefused: _told,
    contracts.IssueResolved: _concerned,
    contracts.IssueChecked: _concerned,
    contracts.IssueClosed: _concerned,
    contracts.IssueReopened: _told,
    contracts.IssueWithdrawn: _told,
}


def _of_case(fact: type[Fact], concerned: Callable[[Any], Iterable[Concerned]]) -> Sight:
    hidden = [name for name in _WHO if name.partition(".")[0] in fact.model_fields]
    return visible_to(
        *_ROOM, concerned=concerned, partly_concerned=lambda fact: fact.followers, hidden=hidden
    )


WATCH: Watch = {
    **{fact: _of_case(fact, concerned) for fact, concerned in _CONCERNED.items()},
    contracts.IssueReported: visible_to(*_ROOM, concerned=lambda fact: (fact.reporter,)),
    contracts.IssueRated: visible_to(*_ROOM, concerned=lambda fact: (fact.reporter,)),
    contracts.PlaceRegistered: nobody("the register changes seldom; systems read its topic"),
    contracts.PlaceClosed: nobody("the register changes seldom; systems read its topic"),
    contracts.HouseholdRegistered: nobody("who lives where is not for a screen"),
    contracts.HouseholdEnded: nobody("who lives where is not for a screen"),
    contracts.RoleGranted: visible_to(*_ROOM, concerned=lambda fact: (fact.person,)),
    contracts.RoleRevoked: visible_to(*_ROOM, concerned=lambda fact: (fact.person,)),
}
