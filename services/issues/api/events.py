"""Who may see which fact of issues at `GET /events`, as it happens."""

from collections.abc import Iterable

from shared import contracts
from shared.contracts.issues.life import OfCase
from shared.http.sight import Concerned, Watch, nobody, visible_to
from shared.security.roles import Role

_ROOM = (Role.operator, Role.dispatcher)


def _concerned(fact: contracts.IssueResolved | OfCase) -> Iterable[Concerned]:
    return (fact.assignee, fact.reporter, *fact.followers)


def _assigned(fact: contracts.IssueAssigned) -> Iterable[Concerned]:
    return (fact.assignee, fact.was_assigned_to, fact.reporter, *fact.followers)


def _told(
    fact: contracts.IssueReturned
    | contracts.IssueReopened
    | contracts.IssueWithdrawn
    | contracts.IssueOverdue
    | contracts.IssueExtended
    | contracts.IssueExtensionAsked
    | contracts.IssueExtensionRefused,
) -> Iterable[Concerned]:
    return (fact.told, *_concerned(fact))


WATCH: Watch = {
    contracts.IssueReported: visible_to(*_ROOM, concerned=lambda fact: (fact.reporter,)),
    contracts.IssueAccepted: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueRefused: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueAssigned: visible_to(*_ROOM, concerned=_assigned),
    contracts.IssueStarted: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueReturned: visible_to(*_ROOM, concerned=_told),
    contracts.IssueOverdue: visible_to(*_ROOM, concerned=_told),
    contracts.IssueExtended: visible_to(*_ROOM, concerned=_told),
    contracts.IssueExtensionAsked: visible_to(*_ROOM, concerned=_told),
    contracts.IssueExtensionRefused: visible_to(*_ROOM, concerned=_told),
    contracts.IssueResolved: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueChecked: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueClosed: visible_to(*_ROOM, concerned=_concerned),
    contracts.IssueReopened: visible_to(*_ROOM, concerned=_told),
    contracts.IssueWithdrawn: visible_to(*_ROOM, concerned=_told),
    contracts.IssueRated: visible_to(*_ROOM, concerned=lambda fact: (fact.reporter,)),
    contracts.PlaceRegistered: nobody("the register changes seldom; systems read its topic"),
    contracts.PlaceClosed: nobody("the register changes seldom; systems read its topic"),
    contracts.HouseholdRegistered: nobody("who lives where is not for a screen"),
    contracts.HouseholdEnded: nobody("who lives where is not for a screen"),
    contracts.RoleGranted: visible_to(*_ROOM, concerned=lambda fact: (fact.person,)),
    contracts.RoleRevoked: visible_to(*_ROOM, concerned=lambda fact: (fact.person,)),
}
