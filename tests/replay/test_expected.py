"""The judge itself: its figures for a few rows, worked out by hand."""

from collections import Counter

from deploy.replay.city import holders
from deploy.replay.expected import Shown, expected_messages
from deploy.replay.kills import planned_kills
from deploy.replay.recorded import Row


def _row(number: int, request: str, district: str, anonymous: str = "N") -> Row:
    return {"SRNumber": f"1-{number}", "RequestType": request, "CD": district, "Anonymous": anonymous}


def test_a_district_with_staff_tells_both_and_the_caller() -> None:
    rows = [_row(0, "Other", "1"), _row(1, "Bulky Items", "3")]
    found = expected_messages(rows, ["c0", "c1"])
    own = [one.person for one in holders() if (one.role, one.district) == ("handler", "3")]
    assert len(own) == 2
    assert sum(count for shown, count in found.items() if "c1" in shown.text) == 3
    assert found[Shown("sms", "+8619200000001", "【邻里】Report c1: bulky-items, handed to handler.")] == 1


def test_an_anonymous_report_in_a_district_without_staff_tells_the_city_alone() -> None:
    (shown,) = expected_messages([_row(2, "Graffiti Removal", "4", anonymous="Y")], ["c2"])
    (city,) = [one.person for one in holders() if (one.role, one.district) == ("steward", "")]
    assert shown.address in {city.phone, city.push_token}


def test_who_left_no_number_gets_nothing() -> None:
    found: Counter[Shown] = expected_messages([_row(0, "Other", "")], ["c0"])
    assert [shown.address for shown in found] == ["+8619100000000"]


def test_kills_are_spread_over_the_rows_and_the_same_each_time() -> None:
    kills = planned_kills(9999, 10)
    assert kills == planned_kills(9999, 10)
    assert [kill.position // 999 for kill in kills] == list(range(10))
