"""The events that cross a border between services; importing this package fills `FACTS`."""

from shared.contracts.event import SEQUENCE_DIGITS, Event
from shared.contracts.fact import FACTS, Fact
from shared.contracts.fields import About
from shared.contracts.issues.case import Assignee, IssueAssigned, IssueReported, IssueResolved
from shared.contracts.issues.deadline import (
    IssueExtended,
    IssueExtensionAsked,
    IssueExtensionRefused,
    IssueOverdue,
)
from shared.contracts.issues.life import (
    IssueAccepted,
    IssueChecked,
    IssueClosed,
    IssueRated,
    IssueRefused,
    IssueReopened,
    IssueReturned,
    IssueStarted,
    IssueWithdrawn,
)
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.contracts.notify.message import MessageDelivered, MessageFailed
from shared.contracts.parking.rules import RulesChanged
from shared.contracts.parking.stay import (
    OverstayRetracted,
    VehicleEntered,
    VehicleExited,
    VehicleOverstayed,
)
from shared.contracts.parking.vehicle import VehicleEnded, VehiclePlateChanged, VehicleRegistered
from shared.contracts.parking.violation import ViolationCleared, ViolationEscalated, ViolationOpened
from shared.contracts.volunteer.dispute import DisputeDecided, TaskDisputed
from shared.contracts.volunteer.duty import DutyEnded, DutyStarted
from shared.contracts.volunteer.hours import HoursCredited
from shared.contracts.volunteer.offer import TaskOffered
from shared.contracts.volunteer.task import TaskClaimed, TaskCompleted, TaskExpired, TaskOpened
from shared.contracts.volunteer.volunteer import VolunteerRegistered

__all__ = [
    "FACTS",
    "SEQUENCE_DIGITS",
    "About",
    "Assignee",
    "DisputeDecided",
    "DutyEnded",
    "DutyStarted",
    "Event",
    "Fact",
    "HoursCredited",
    "HouseholdEnded",
    "HouseholdRegistered",
    "IssueAccepted",
    "IssueAssigned",
    "IssueChecked",
    "IssueClosed",
    "IssueExtended",
    "IssueExtensionAsked",
    "IssueExtensionRefused",
    "IssueOverdue",
    "IssueRated",
    "IssueRefused",
    "IssueReopened",
    "IssueReported",
    "IssueResolved",
    "IssueReturned",
    "IssueStarted",
    "IssueWithdrawn",
    "MessageDelivered",
    "MessageFailed",
    "OverstayRetracted",
    "PlaceClosed",
    "PlaceRegistered",
    "RoleGranted",
    "RoleRevoked",
    "RulesChanged",
    "TaskClaimed",
    "TaskCompleted",
    "TaskDisputed",
    "TaskExpired",
    "TaskOffered",
    "TaskOpened",
    "VehicleEnded",
    "VehicleEntered",
    "VehicleExited",
    "VehicleOverstayed",
    "VehiclePlateChanged",
    "VehicleRegistered",
    "ViolationCleared",
    "ViolationEscalated",
    "ViolationOpened",
    "VolunteerRegistered",
]
