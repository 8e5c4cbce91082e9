"""The events that cross a border between services; importing this package fills `FACTS`."""

from shared.contracts.event import SEQUENCE_DIGITS, Event
from shared.contracts.fact import FACTS, Fact
from shared.contracts.fields import About
from shared.contracts.issues.case import Assignee, IssueAssigned, IssueReported, IssueResolved
from shared.contracts.issues.register import (
    HouseholdEnded,
    HouseholdRegistered,
    PlaceClosed,
    PlaceRegistered,
    RoleGranted,
    RoleRevoked,
)
from shared.contracts.notify.message import MessageDelivered, MessageFailed
from shared.contracts.parking.stay import (
    OverstayRetracted,
    VehicleEntered,
    VehicleExited,
    VehicleOverstayed,
)
from shared.contracts.parking.vehicle import VehicleRegistered
from shared.contracts.volunteer.duty import DutyEnded, DutyStarted
from shared.contracts.volunteer.hours import HoursCredited
from shared.contracts.volunteer.task import TaskClaimed, TaskCompleted, TaskExpired, TaskOpened
from shared.contracts.volunteer.volunteer import VolunteerRegistered

__all__ = [
    "FACTS",
    "SEQUENCE_DIGITS",
    "About",
    "Assignee",
    "DutyEnded",
    "DutyStarted",
    "Event",
    "Fact",
    "HoursCredited",
    "HouseholdEnded",
    "HouseholdRegistered",
    "IssueAssigned",
    "IssueReported",
    "IssueResolved",
    "MessageDelivered",
    "MessageFailed",
    "OverstayRetracted",
    "PlaceClosed",
    "PlaceRegistered",
    "RoleGranted",
    "RoleRevoked",
    "TaskClaimed",
    "TaskCompleted",
    "TaskExpired",
    "TaskOpened",
    "VehicleEntered",
    "VehicleExited",
    "VehicleOverstayed",
    "VehicleRegistered",
    "VolunteerRegistered",
]
