"""The judge of ages and levels: its figures for a few rows, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from deploy.replay.app import CITY_ZONE
from deploy.replay.lateness import FIGURES, escalations, figures, later
from deploy.replay.recorded import Row


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


@pytest.mark.parametrize(
    ("start", "counted", "minutes", "due"),
    [
        ("2017-12-29T16:30", "round-the-clock", 60, "2017-12-29T17:30"),
        ("2017-12-29T16:30", "working-hours", 60, "2018-01-01T09:30"),  # a Friday; no holidays are kept
        ("2017-12-30T12:00", "working-hours", 480, "2018-01-01T17:00"),
        ("2017-12-29T16:30", "working-days", 2880, "2018-01-02T17:00"),
        ("2018-03-09T16:30", "working-hours", 60, "2018-03-12T09:30"),  # over the change of the clocks
    ],
)
def test_what_counts(start: str, counted: str, minutes: int, due: str) -> None:
    assert later(_at(start), counted, minutes) == _at(due)


def _row(status: str, created: str, closed: str = "") -> Row:
    return {
        "RequestType": "Dead Animal Removal",
        "Status": status,
        "CreatedDate": created,
        "ClosedDate": closed,
    }


def test_ages_and_lateness() -> None:
    rows = [
        _row("Closed", "12/01/2017 08:00:00 AM", "12/03/2017 08:00:01 AM"),  # a second beyond 48 hours
        _row("Closed", "12/01/2017 08:00:00 AM", "12/03/2017 08:00:00 AM"),
        _row("Closed", "12/01/2017 08:00:00 AM", "12/01/2017 07:00:00 AM"),
        _row("Cancelled", "12/01/2017 08:00:00 AM"),
        _row("Open", "12/01/2017 08:00:00 AM"),
    ]
    found = figures(rows, _at("2017-12-03T09:00"))["dead-animal"]
    two_days = 2 * 24 * 3600
    hour = 3600
    expected = (5, 1, 2, 1, 1, two_days + hour, 2 * two_days + 1, hour + 1, two_days + hour)
    assert tuple(found[name] for name in FIGURES) == expected


def test_levels_that_have_come() -> None:
    reported = datetime(2026, 11, 24, 20, tzinfo=UTC)
    answer = {"id": "c", "category": "dead-animal", "reported_at": reported.isoformat()}
    due = reported + timedelta(hours=48)  # noon on a Thursday there
    found = escalations([answer], due + timedelta(hours=2))
    assert found == {("c", 1, due): 1, ("c", 2, due + timedelta(minutes=90)): 1}
    assert escalations([answer], due).total() == 0
    friday = answer | {"reported_at": (reported + timedelta(hours=29)).isoformat()}  # due on Friday, 17:00
    monday = due + timedelta(days=3, hours=22, minutes=30)  # at 10:30
    assert set(escalations([friday], monday + timedelta(hours=1))) >= {("c", 2, monday), ("c", 3, monday)}
