"""Who may see which fact of notify at `GET /events`, as it happens."""

from shared import contracts
from shared.http.sight import Watch, visible_to
from shared.security.roles import Role

WATCH: Watch = {
    contracts.MessageDelivered: visible_to(Role.operator, concerned=lambda fact: (fact.person,)),
    contracts.MessageFailed: visible_to(Role.operator, concerned=lambda fact: (fact.person,)),
}
