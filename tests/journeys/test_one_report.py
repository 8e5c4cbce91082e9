"""A problem is reported, dispatched to whoever handles it, resolved; the people concerned hear so."""

from typing import Any

from tests.fixtures.ledger import short, words_of
from tests.fixtures.neighbourhood import PHONES_SECONDS, Neighbourhood


def test_reporter_and_handlers_hear_of_a_report_and_the_reporter_of_its_end(here: Neighbourhood) -> None:
    """In Chinese by SMS and push, in English by SMS to the deputy; the office hears that it is to check."""
    case = here.reported(here.resident)
    here.resolved(here.guard, case, here.resident)
    here.hears_all()
    assert len(here.told) == 5


def test_words_are_the_readers_own_and_name_no_case_but_theirs(here: Neighbourhood) -> None:
    case = here.reported(here.rider)
    here.hears_all()
    said = {line["to" if line["channel"] == "sms" else "device"]: words_of(line) for line in _lines(here)}
    assert "Received and handed on" in said[here.rider.address]
    assert "the guards" in said[here.rider.address]
    assert said[here.deputy.address].startswith("【邻里】please handle blocked fire lane")
    assert "有一件事请您处理" in said[here.guard.address]
    assert "合源小区" in said[here.guard.address]
    assert all(short(case) in words for words in said.values())
    # What the reporter wrote stays in issues.
    assert not any("消防通道被占" in words for words in said.values())


def test_an_anonymous_report_reaches_those_who_handle_it_only(here: Neighbourhood) -> None:
    case = here.reported(here.resident, anonymous=True)
    here.resolved(here.deputy, case, None)
    here.reported(here.rider)
    here.hears_all()
    assert not here.ledger.lines([here.resident.address])


def test_a_role_that_is_revoked_or_granted_changes_who_hears(here: Neighbourhood) -> None:
    here.revoke(here.guard)
    here.wait_for_audience()
    first = here.reported(here.resident)
    here.hears_all()
    assert here.guard.hears("case-assigned", first) not in here.told
    here.grant(here.guard)
    here.wait_for_audience()
    second = here.reported(here.resident)
    here.hears_all()
    assert here.guard.hears("case-assigned", second) in here.told


def test_when_the_last_holder_nearby_has_gone_the_next_one_up_hears(here: Neighbourhood) -> None:
    here.revoke(here.guard)
    here.revoke(here.deputy)
    here.grant(here.guard, everywhere=True)
    here.wait_for_audience()
    here.reported(here.resident)
    here.hears_all()
    here.grant(here.deputy)
    here.wait_for_audience()
    nearer = here.reported(here.resident)
    here.told.remove(here.guard.hears("case-assigned", nearer))
    here.hears_all()


def test_where_nobody_holds_the_role_nearby_nobody_of_elsewhere_hears(here: Neighbourhood) -> None:
    """A report without a place goes to guards of the whole community, and there are none."""
    case = here.report(here.resident, place=None).json()["id"]
    here.ledger.wait_for([here.resident.hears("case-handed-over", case)], here.addresses, PHONES_SECONDS)


def _lines(here: Neighbourhood) -> list[dict[str, Any]]:
    return here.ledger.lines(here.addresses)
