"""The calendar of what one has promised: read alike by two foreign parsers, and empty of names and doors."""

from datetime import date, datetime, timedelta

import httpx
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from tests.volunteer.conftest import CANARIES, Volunteering

pytestmark = pytest.mark.anyio
Read = dict[str, tuple[datetime, datetime, str]]


def by_vobject(text: str) -> Read:
    """What vobject reads."""
    events = vobject.readOne(text).contents.get("vevent", [])
    return {e.uid.value: (e.dtstart.value, e.dtend.value, e.summary.value) for e in events}


def by_ical(text: str) -> Read:
    """What ical reads."""
    events = IcsCalendarStream.calendar_from_ics(text).events
    return {e.uid: (moment(e.start), moment(e.end), e.summary or "") for e in events}


def moment(value: date | datetime) -> datetime:
    """A calendar's day would be no duty's hour."""
    assert isinstance(value, datetime)
    return value


async def test_a_calendar_reads_what_one_has_promised(
    quiet: Volunteering, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = {"who": ["rider"], "confirmation": "code", "minutes": 20, "window_minutes": 600}
    await quiet.made("ola", "operator", "/task-kinds", {"code": "carry-home", "rules": rules})
    elder, rider, other = await quiet.elder(), await quiet.active("rider-7"), await quiet.active("rider-8")
    tasks = [
        (await quiet.made("zhang", "steward", "/tasks", {"kind": "carry-home", "beneficiary": elder}))["id"]
        for _ in range(3)
    ]
    first = (quiet.service.context.clock.now() + timedelta(hours=1)).replace(microsecond=0)
    claims = [
        (await quiet.claim("rider-7", rider, task, at=(first + timedelta(hours=n)).isoformat())).json()["id"]
        for n, task in enumerate(tasks)
    ]
    await quiet.made("rider-7", "rider", f"/tasks/{tasks[2]}/release")
    expected = {
        f"{claim}@volunteer.linli": (
            first + timedelta(hours=n),
            first + timedelta(hours=n, minutes=20),
            "carry home",
        )
        for n, claim in enumerate(claims[:2])
    }
    own = await quiet.ask("rider-7", "rider", "GET", f"/volunteers/{rider}/calendar.ics")
    assert own.headers["content-type"] == "text/calendar; charset=utf-8"
    assert by_vobject(own.text) == by_ical(own.text) == expected
    assert not [canary for canary in CANARIES if canary in own.text]
    for person, role in (("rider-8", "rider"), ("zhang", "steward")):
        assert (await quiet.ask(person, role, "GET", f"/volunteers/{rider}/calendar.ics")).status_code == 404
        assert (await quiet.ask(person, role, "POST", f"/volunteers/{rider}/calendar")).status_code == 404
    empty = await quiet.ask("rider-8", "rider", "GET", f"/volunteers/{other}/calendar.ics")
    assert by_vobject(empty.text) == by_ical(empty.text) == {}

    async def feed(path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=quiet.service.url) as calendar:
            return await calendar.get(path)

    before = (await quiet.made("rider-7", "rider", f"/volunteers/{rider}/calendar"))["path"]
    path = (await quiet.made("rider-7", "rider", f"/volunteers/{rider}/calendar"))["path"]
    assert (await feed(before)).json()["type"].endswith("wrong-link")  # the newer one closed it
    assert by_vobject((await feed(path)).text) == expected
    for closed in (True, False):
        said = await quiet.made("rider-7", "rider", f"/volunteers/{rider}/calendar/close")
        assert said == {"closed": closed}
    assert (await feed(path)).status_code == 404
    path = (await quiet.made("rider-7", "rider", f"/volunteers/{rider}/calendar"))["path"]
    await quiet.made("rider-7", "rider", f"/volunteers/{rider}/leave")
    assert (await feed(path)).status_code == 404
    async with quiet.works.for_system("test") as work:
        kept = str(await work.connection.fetch("SELECT * FROM idempotency_keys"))
        kept += str(await work.connection.fetch("SELECT * FROM calendar_feeds"))
    logged = capsys.readouterr()
    assert path.rpartition("=")[2] not in kept + logged.out + logged.err
    assert "/calendar.ics" in logged.out + logged.err
