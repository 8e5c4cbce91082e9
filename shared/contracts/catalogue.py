"""Who says what to whom: one row per event, from which the README's table and AsyncAPI are made."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared import contracts
from shared.contracts.fact import FACTS, Fact

READERS: Mapping[type[Fact], tuple[str, ...]] = {
    contracts.PlaceRegistered: ("notify", "parking", "volunteer"),
    contracts.PlaceClosed: ("notify", "parking"),
    contracts.HouseholdRegistered: ("notify", "parking"),
    contracts.HouseholdEnded: ("notify", "parking"),
    contracts.RoleGranted: ("notify",),
    contracts.RoleRevoked: ("notify",),
    contracts.IssueReported: ("notify",),
    contracts.IssueAssigned: ("notify", "volunteer"),
    contracts.IssueResolved: ("notify", "volunteer"),
    contracts.IssueAccepted: ("notify",),
    contracts.IssueRefused: ("notify", "volunteer"),
    contracts.IssueStarted: ("notify",),
    contracts.IssueReturned: ("notify", "volunteer"),
    contracts.IssueChecked: ("notify",),
    contracts.IssueClosed: ("notify",),
    contracts.IssueReopened: ("notify",),
    contracts.IssueWithdrawn: ("notify", "volunteer"),
    contracts.IssueRated: ("notify",),
    contracts.IssueOverdue: ("notify",),
    contracts.IssueExtended: ("notify",),
    contracts.IssueExtensionAsked: ("notify",),
    contracts.IssueExtensionRefused: ("notify",),
    contracts.VehicleRegistered: ("notify",),
    contracts.VehicleEntered: ("notify",),
    contracts.VehicleExited: ("notify",),
    contracts.VehicleOverstayed: ("notify",),
    contracts.OverstayRetracted: ("notify",),
    contracts.ViolationOpened: ("notify",),
    contracts.ViolationEscalated: ("notify", "volunteer"),
    contracts.ViolationCleared: ("notify", "volunteer"),
    contracts.VolunteerRegistered: ("notify",),
    contracts.DutyStarted: ("notify",),
    contracts.DutyEnded: ("notify",),
    contracts.TaskOpened: ("notify", "parking"),
    contracts.TaskOffered: ("notify",),
    contracts.TaskClaimed: ("notify", "parking"),
    contracts.TaskCompleted: ("issues", "notify", "parking"),
    contracts.TaskExpired: ("issues", "notify", "parking"),
    contracts.HoursCredited: ("notify",),
    contracts.TaskDisputed: ("notify",),
    contracts.DisputeDecided: ("notify",),
}
"""The services that subscribe to a fact; a test compares them with the services' own tables."""

UNREAD: Mapping[type[Fact], str] = {
    contracts.MessageDelivered: "for other systems: a street's own statistics of who was reached",
    contracts.MessageFailed: "for other systems: whoever must then go and knock",
    contracts.VehiclePlateChanged: "for other systems: barriers that keep a list of their own",
    contracts.VehicleEnded: "for other systems: barriers that keep a list of their own",
    contracts.RulesChanged: "for other systems: signs and apps that show a compound's rule",
}
"""Why a fact goes out although no service of ours reads it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event of the catalogue; `summary` is the fact's own first sentence."""

    topic: str
    type: str
    producer: str
    key: str
    consumers: tuple[str, ...]
    summary: str


def published() -> dict[str, type[Fact]]:
    """The facts of this package by event type, in the order of their declaration; not those tests declare."""
    return {name: fact for name, fact in FACTS.items() if fact.__module__.startswith("shared.contracts.")}


def rows() -> list[Row]:
    """All events, by topic and then in the order of their declaration."""
    found = [_row(fact) for fact in published().values()]
    return sorted(found, key=lambda row: row.topic)


def _row(fact: type[Fact]) -> Row:
    summary = (fact.__doc__ or "").strip().splitlines()[0]
    readers = READERS.get(fact, ())
    return Row(fact.topic, fact.event_type, fact.producer, fact.subject_field, readers, summary)


def table() -> str:
    """The catalogue as a Markdown table."""
    lines = ["| topic | event | from | key | read by | what it says |", "|---|---|---|---|---|---|"]
    for row in rows():
        readers = ", ".join(row.consumers) or "other systems"
        cells = (f"`{row.topic}`", f"`{row.type}`", row.producer, row.key, readers, row.summary)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
