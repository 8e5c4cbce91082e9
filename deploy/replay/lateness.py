"""How old and how late the recorded cases are, and when live ones escalate: the judge's own reckoning.

It shares no code with the services and goes another way about it: business hours are laid out day by day as
the city's people would read them from the wall.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from deploy.replay.app import CITY_ZONE
from deploy.replay.city import CATEGORIES, DEADLINES, LEVELS
from deploy.replay.recorded import Row

OPENS, CLOSES = time(9), time(17)
DAY: Final = timedelta(days=1)
FIGURES: Final = (
    *("cases", "open", "unknown", "open_late", "settled_late"),
    *("open_seconds", "settled_seconds", "late_seconds", "oldest_open_seconds"),
)
Escalation = tuple[str, int, datetime]


def later(start: datetime, counted: str, minutes: int) -> datetime:
    """Tell which moment lies so many minutes later, of those that count."""
    if counted == "round-the-clock" or minutes == 0:
        return start + timedelta(minutes=minutes)
    today = start.astimezone(CITY_ZONE).date()
    if counted == "working-days":
        following = (day for day in _workdays(today + DAY))
        last = [next(following) for _ in range(minutes // (24 * 60))][-1]
        return _at(last, CLOSES)
    left = timedelta(minutes=minutes)
    for day in _workdays(today):
        opens, closes = max(_at(day, OPENS), start), _at(day, CLOSES)
        if left <= closes - opens:
            return opens + left
        left -= max(closes - opens, timedelta())
    raise AssertionError("workdays have no end")


def figures(rows: Iterable[Row], at: datetime) -> dict[str, dict[str, int | None]]:
    """Sum up ages and lateness by category as they are at `at`."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    oldest: dict[str, int] = {}
    for row in rows:
        category = CATEGORIES[row["RequestType"]][0]
        is_open = row["Status"] == "Open"
        until = at if is_open else _read(row["ClosedDate"])
        reported = _read(row["CreatedDate"])
        assert reported is not None
        sums = found[category]
        sums.update(cases=1, open=int(is_open))
        if until is None or until < reported:
            sums["unknown"] += 1
            continue
        age = (until - reported) // timedelta(seconds=1)
        late = (until - later(reported, *DEADLINES[category])) // timedelta(seconds=1)
        kind = "open" if is_open else "settled"
        sums.update({f"{kind}_seconds": age, f"{kind}_late": int(late > 0), "late_seconds": max(late, 0)})
        if is_open:
            oldest[category] = max(age, oldest.get(category, 0))
    return {
        category: {**{name: sums[name] for name in FIGURES[:-1]}, FIGURES[-1]: oldest.get(category)}
        for category, sums in found.items()
    }


def escalations(answers: Iterable[Mapping[str, Any]], now: datetime) -> Counter[Escalation]:
    """Say which levels each live case must have come to by now, and when; once each."""
    found: Counter[Escalation] = Counter()
    for answer in answers:
        due = when = later(datetime.fromisoformat(answer["reported_at"]), *DEADLINES[answer["category"]])
        for number, (minutes, counted, _role) in enumerate(LEVELS, start=1):
            # Over a weekend 24 hours are over before 90 working minutes: then both levels come together.
            when = max(when, later(due, counted, minutes))
            if when < now:
                found[answer["id"], number, when.astimezone(UTC)] += 1
    return found


def _read(text: str) -> datetime | None:
    if not text:
        return None
    local = datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=CITY_ZONE)
    return local.astimezone(UTC)


def _workdays(day: date) -> Iterator[date]:
    while True:
        if day.weekday() < 5:
            yield day
        day += DAY


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, CITY_ZONE).astimezone(UTC)
