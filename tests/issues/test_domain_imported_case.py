"""Foreign rows: what is impossible is flagged, what is unreadable refused, clocks that change are heeded."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.issues.domain.case import State
from services.issues.domain.imported_case import MissingColumns, Rejected, RowReader
from services.issues.domain.mapping import Columns, ImportMapping, WrongMapping

HEADER = ["id", "kind", "state", "made", "done", "lat", "lon", "text"]
MAPPING = ImportMapping(
    name="la",
    source="la-311",
    columns=Columns("id", "kind", "state", "made", "done", "lat", "lon", "text"),
    categories={"Graffiti": "graffiti"},
    other_category=None,
    states={
        "Closed": State.closed,
        "Open": State.reported,
        "Cancelled": State.cancelled,
        "Hold": State.suspended,
    },
    time_format="%m/%d/%Y %I:%M:%S %p",
    zone="America/Los_Angeles",
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = ["1", "Graffiti", "Closed", "12/31/2017 11:59:58 PM", "01/02/2018 08:00:00 AM", "34.1", "-118.2", "t"]


def row(**changes: str) -> list[str]:
    return [changes.get(name, value) for name, value in zip(HEADER, GOOD, strict=True)]


def flags(**changes: str) -> tuple[str, ...]:
    return RowReader(MAPPING, HEADER).read(row(**changes), NOW).flags


def test_a_good_row_has_no_flags_and_utc_times() -> None:
    case = RowReader(MAPPING, HEADER).read(GOOD, NOW)
    assert case.reported_at == datetime(2018, 1, 1, 7, 59, 58, tzinfo=UTC)
    assert case.closed_at == datetime(2018, 1, 2, 16, tzinfo=UTC)
    assert (case.category, case.state, case.flags) == ("graffiti", State.closed, ())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"done": "12/31/2017 11:59:57 PM"}, ("closed-before-created",)),
        ({"done": ""}, ("closed-without-time",)),
        ({"state": "Cancelled", "done": ""}, ()),
        ({"state": "Open"}, ("open-with-closing-time",)),
        ({"state": "Hold"}, ("open-with-closing-time",)),
        ({"state": "Hold", "done": ""}, ()),
        ({"lat": ""}, ("no-coordinates",)),
        ({"lat": "91"}, ("impossible-coordinates", "no-coordinates")),
        ({"lat": "0", "lon": "0"}, ("impossible-coordinates", "no-coordinates")),
        ({"lat": "nan"}, ("impossible-coordinates", "no-coordinates")),
        ({"done": "01/02/2027 08:00:00 AM"}, ("in-the-future",)),
        ({"text": "x" * 4001}, ("description-cut",)),
        ({"made": "11/05/2017 01:30:00 AM"}, ("time-ambiguous",)),
        ({"made": "03/12/2017 02:30:00 AM"}, ("time-skipped-by-clock-change",)),
    ],
)
def test_what_is_impossible_is_kept_and_flagged(changes: dict[str, str], expected: tuple[str, ...]) -> None:
    assert flags(**changes) == expected


def test_clock_changes_are_read_by_the_first_reading() -> None:
    reader = RowReader(MAPPING, HEADER)
    ambiguous = reader.read(row(made="11/05/2017 01:30:00 AM"), NOW)
    assert ambiguous.reported_at == datetime(2017, 11, 5, 8, 30, tzinfo=UTC), "daylight time comes first"
    skipped = reader.read(row(made="03/12/2017 02:30:00 AM"), NOW)
    assert skipped.reported_at == datetime(2017, 3, 12, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": ""}, "an id of"),
        ({"id": "x" * 201}, "an id of"),
        ({"kind": "Unheard of"}, "category is not in the mapping"),
        ({"state": "Lost"}, "state is not in the mapping"),
        ({"made": ""}, "reported time"),
        ({"made": "2017-12-31"}, "reported time"),
        ({"done": "soon"}, "closed time"),
        ({"lat": "north"}, "coordinates cannot be read"),
    ],
)
def test_what_is_unreadable_is_refused_with_a_reason(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        RowReader(MAPPING, HEADER).read(row(**changes), NOW)


@given(st.lists(st.text(max_size=30), max_size=10))
def test_any_row_is_read_or_refused(fields: list[str]) -> None:
    try:
        case = RowReader(MAPPING, HEADER).read(fields, NOW)
    except Rejected:
        return
    assert case.external_id


def test_equal_rows_have_equal_digests_and_others_not() -> None:
    reader = RowReader(MAPPING, HEADER)
    first = reader.read(GOOD, NOW).digest
    assert first == reader.read(row(), NOW).digest
    others = [row(state="Cancelled"), row(lat="34.2"), row(text="u"), row(made="12/31/2017 11:59:57 PM")]
    assert len({first, *(reader.read(other, NOW).digest for other in others)}) == 5


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumns, match="lat, lon"):
        RowReader(MAPPING, [name for name in HEADER if name not in ("lat", "lon")])


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"time_format": "%m/%d/%Y"},
        {"time_format": "%Q"},
        {"time_format": "%I:%M %p"},
        {"categories": {}},
        {"states": {"Closed": State.assigned}},
        {"delimiter": '"'},
        {"columns": replace(MAPPING.columns, latitude=None)},
    ],
)
def test_a_mapping_that_could_read_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(WrongMapping):
        replace(MAPPING, **wrong)  # type: ignore[arg-type]
