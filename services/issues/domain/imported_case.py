"""One row of another system becomes a case: the impossible is kept and flagged, the unreadable refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TypeVar
from zoneinfo import ZoneInfo

from services.issues.domain.case import State
from services.issues.domain.csv_blocks import column_numbers
from services.issues.domain.mapping import IMPORTABLE_OPEN, ImportMapping, zone_of

T = TypeVar("T")
LONGEST_EXTERNAL_ID = 200
LONGEST_DESCRIPTION = 4000


class Rejected(ValueError):
    """The row cannot become a case; the text says why."""


class MissingColumns(ValueError):
    """The header lacks columns that the mapping names."""


@dataclass(frozen=True, slots=True)
class ImportedCase:
    """What one row says; `digest` is equal for rows that say the same."""

    external_id: str
    category: str
    state: State
    reported_at: datetime
    closed_at: datetime | None
    latitude: float | None
    longitude: float | None
    description: str
    flags: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """Sum up everything but the flags, which follow from the rest."""
        facts = (
            *(self.external_id, self.category, self.state.value, self.reported_at.isoformat()),
            self.closed_at.isoformat() if self.closed_at else "",
            *(repr(self.latitude), repr(self.longitude), self.description),
        )
        return blake2b("\0".join(facts).encode(), digest_size=16).digest()


class RowReader:
    """Reads the rows below one header by one mapping."""

    def __init__(self, mapping: ImportMapping, header: list[str]) -> None:
        """Find the columns.

        Raises:
            MissingColumns: the header lacks some that the mapping names.
        """
        names = mapping.columns
        numbers = column_numbers(header)
        wanted = [
            *(names.external_id, names.category, names.state, names.reported_at),
            *(names.closed_at, names.latitude, names.longitude, names.description),
        ]
        if missing := [name for name in wanted if name is not None and name not in numbers]:
            raise MissingColumns(f"the header lacks {', '.join(missing)}")
        self._width = len(header)
        self._numbers = [None if name is None else numbers[name] for name in wanted]
        self._mapping = mapping
        self._zone = zone_of(mapping.zone)

    def read(self, row: list[str], now: datetime) -> ImportedCase:
        """Read one row; `now` tells what lies in the future.

        Raises:
            Rejected: a case cannot be made of it.
        """
        if len(row) != self._width:
            raise Rejected(f"{len(row)} fields instead of {self._width}")
        external_id, category, state, reported, closed, latitude, longitude, description = (
            "" if number is None else row[number].strip() for number in self._numbers
        )
        if not 1 <= len(external_id) <= LONGEST_EXTERNAL_ID:
            raise Rejected(f"an id of 1 to {LONGEST_EXTERNAL_ID} characters is needed")
        flags: list[str] = []
        reported_at = self._time(reported, "reported", flags)
        closed_at = self._time(closed, "closed", flags) if closed else None
        case_state = _looked_up(self._mapping.states, state, None, "state")
        _flag_times(flags, case_state, reported_at, closed_at, now)
        point = _point(latitude, longitude, flags)
        if len(description) > LONGEST_DESCRIPTION:
            flags.append("description-cut")
        return ImportedCase(
            external_id=external_id,
            category=_looked_up(self._mapping.categories, category, self._mapping.other_category, "category"),
            state=case_state,
            reported_at=reported_at,
            closed_at=closed_at,
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            description=description[:LONGEST_DESCRIPTION],
            flags=tuple(sorted(set(flags))),
        )

    def _time(self, text: str, what: str, flags: list[str]) -> datetime:
        try:
            read = datetime.strptime(text, self._mapping.time_format)  # noqa: DTZ007  (the next line)
            return read.astimezone(UTC) if read.tzinfo else to_utc(read, self._zone, flags)
        except (ValueError, OverflowError) as error:
            raise Rejected(f"{what} time cannot be read: {text[:40]!r}") from error


def to_utc(local: datetime, zone: ZoneInfo, flags: list[str]) -> datetime:
    """Place a local reading in UTC, and flag it when the clocks were being changed.

    A reading that came twice that night is taken as the first; one that never came (the hour skipped in
    spring) is taken as if the clocks had not been put forward yet.
    """
    first = local.replace(tzinfo=zone, fold=0)
    at = first.astimezone(UTC)
    if first.utcoffset() != local.replace(tzinfo=zone, fold=1).utcoffset():
        skipped = at.astimezone(zone).replace(tzinfo=None) != local
        flags.append("time-skipped-by-clock-change" if skipped else "time-ambiguous")
    return at


def _flag_times(
    flags: list[str], state: State, reported_at: datetime, closed_at: datetime | None, now: datetime
) -> None:
    if closed_at is None:
        if state is State.closed:
            flags.append("closed-without-time")
    elif closed_at < reported_at:
        flags.append("closed-before-created")
    elif state in IMPORTABLE_OPEN:
        flags.append("open-with-closing-time")
    if reported_at > now or (closed_at is not None and closed_at > now):
        flags.append("in-the-future")


def _point(latitude: str, longitude: str, flags: list[str]) -> tuple[float, float] | None:
    if not latitude or not longitude:
        flags.append("no-coordinates")
        return None
    try:
        north, east = float(latitude), float(longitude)
    except ValueError as error:
        raise Rejected(f"coordinates cannot be read: {latitude[:40]!r}, {longitude[:40]!r}") from error
    # Not a number fails both comparisons, so it is no position either.
    if -90 <= north <= 90 and -180 <= east <= 180 and (north, east) != (0, 0):
        return north, east
    flags += ["impossible-coordinates", "no-coordinates"]
    return None


def _looked_up(known: Mapping[str, T], word: str, other: T | None, what: str) -> T:
    found = known.get(word, other)
    if found is None:
        raise Rejected(f"{what} is not in the mapping: {word[:80]!r}")
    return found
