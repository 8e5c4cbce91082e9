"""Kafka in: which use case takes which type of event.

Rules are data, so every fact of another service may become a message: all of them go to planning, and the
register to the projection of audiences, which bears repeats by itself.
"""

from services.notify.usecases.follow_duty import follow_duty
from services.notify.usecases.plan_messages import plan_messages
from services.notify.usecases.project_register import project_register
from shared.contracts import (
    DisputeDecided,
    DutyEnded,
    DutyStarted,
    Fact,
    HoursCredited,
    HouseholdEnded,
    HouseholdRegistered,
    IssueAccepted,
    IssueAssigned,
    IssueChecked,
    IssueClosed,
    IssueExtended,
    IssueOverdue,
    IssueRated,
    IssueRefused,
    IssueReopened,
    IssueReported,
    IssueResolved,
    IssueReturned,
    IssueStarted,
    IssueWithdrawn,
    OverstayRetracted,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
    TaskClaimed,
    TaskCompleted,
    TaskDisputed,
    TaskExpired,
    TaskOffered,
    TaskOpened,
    VehicleEntered,
    VehicleExited,
    VehicleOverstayed,
    VehicleRegistered,
    ViolationCleared,
    ViolationEscalated,
    ViolationOpened,
    VolunteerRegistered,
)
from shared.messaging.subscription import Subscription

AUDIENCES = Subscription(project_register, inbox=False)
DUTY = Subscription(follow_duty)
PLANNING = Subscription(plan_messages)

SUBSCRIPTIONS: dict[type[Fact], Subscription] = {
    PlaceRegistered: AUDIENCES,
    PlaceClosed: AUDIENCES,
    HouseholdRegistered: AUDIENCES,
    HouseholdEnded: AUDIENCES,
    RoleGranted: AUDIENCES,
    RoleRevoked: AUDIENCES,
    IssueReported: PLANNING,
    IssueAssigned: PLANNING,
    IssueResolved: PLANNING,
    IssueAccepted: PLANNING,
    IssueRefused: PLANNING,
    IssueStarted: PLANNING,
    IssueReturned: PLANNING,
    IssueChecked: PLANNING,
    IssueClosed: PLANNING,
    IssueReopened: PLANNING,
    IssueWithdrawn: PLANNING,
    IssueRated: PLANNING,
    IssueOverdue: PLANNING,
    IssueExtended: PLANNING,
    VehicleRegistered: PLANNING,
    VehicleEntered: PLANNING,
    VehicleExited: PLANNING,
    VehicleOverstayed: PLANNING,
    OverstayRetracted: PLANNING,
    ViolationOpened: PLANNING,
    ViolationEscalated: PLANNING,
    ViolationCleared: PLANNING,
    VolunteerRegistered: PLANNING,
    DutyStarted: DUTY,
    DutyEnded: DUTY,
    TaskOpened: PLANNING,
    TaskOffered: PLANNING,
    TaskClaimed: PLANNING,
    TaskCompleted: PLANNING,
    TaskExpired: PLANNING,
    HoursCredited: PLANNING,
    TaskDisputed: PLANNING,
    DisputeDecided: PLANNING,
}
