"""How another system's rows are read: which column is what, and what its words mean here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.issues.domain.case import State

# What a foreign system may say a case has come to; the states between are ours alone.
IMPORTABLE_OPEN = frozenset({State.reported, State.suspended})
IMPORTABLE = IMPORTABLE_OPEN | {
    *(State.closed, State.refused, State.withdrawn, State.cancelled, State.referred)
}
_PROBE = datetime(2001, 11, 22, 13, 4, 5)  # noqa: DTZ001  (a wall-clock reading, in no zone)


class WrongMapping(ValueError):
    """A mapping that could read nothing."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the source's columns; None where it has none."""

    external_id: str
    category: str
    state: str
    reported_at: str
    closed_at: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """One source's dialect; its times are local to `zone`, coordinates are WGS84 degrees."""

    name: str
    source: str
    columns: Columns
    categories: Mapping[str, str]
    other_category: str | None
    states: Mapping[str, State]
    time_format: str
    zone: str
    delimiter: str = ","
    version: int = 1

    def __post_init__(self) -> None:
        if (self.columns.latitude is None) != (self.columns.longitude is None):
            raise WrongMapping("latitude and longitude come together")
        if foreign := sorted(set(self.states.values()) - IMPORTABLE):
            raise WrongMapping(f"no case is imported as {', '.join(foreign)}")
        if not self.categories and self.other_category is None:
            raise WrongMapping("map at least one category, or name one for all others")
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n\0':
            raise WrongMapping("a delimiter is one character, not a quote or line break")
        _check_format(self.time_format)
        zone_of(self.zone)


def zone_of(name: str) -> ZoneInfo:
    """Find a time zone by its IANA name.

    Raises:
        WrongMapping: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WrongMapping(f"no time zone is called {name}") from error


def _check_format(time_format: str) -> None:
    """Refuse a format that loses the time of day or cannot be read back."""
    try:
        back = datetime.strptime(_PROBE.strftime(time_format), time_format)  # noqa: DTZ007
    except ValueError as error:
        raise WrongMapping(f"the time format cannot be read: {error}") from error
    if abs(back.replace(tzinfo=None) - _PROBE) >= timedelta(minutes=1):
        raise WrongMapping("the time format loses the date or the time of day")
