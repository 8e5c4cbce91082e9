"""Rules of compounds, version by version, and the clock by which they are read."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.parking.domain.hours import Hours
from services.parking.domain.limits import FreeTime, LimitRule, QuietZone
from services.parking.domain.plate import PlateKind
from shared.database.work import Connection

HOME = ZoneInfo("Asia/Shanghai")
"""The clock of a community of which the register has not told yet."""

_ADD = """
INSERT INTO limit_rules (compound_id, version, community_id, effective_from, free_minutes, households_exempt,
                         passes_exempt, exempt_kinds, windows, quiet, made_by, made_at)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
FROM limit_rules WHERE compound_id = $1 AND community_id = $2
RETURNING version
"""
_COLUMNS = (
    "version, effective_from, free_minutes, households_exempt, passes_exempt, exempt_kinds, windows, quiet"
)
_OF = f"SELECT {_COLUMNS} FROM limit_rules WHERE community_id = $1 AND compound_id = $2 ORDER BY version"  # noqa: S608
_IN_FORCE = f"""
SELECT compound_id, communities.zone, {_COLUMNS}
FROM limit_rules rule LEFT JOIN communities ON communities.id = rule.community_id
WHERE compound_id = ANY($1::uuid[])
"""  # noqa: S608


@dataclass(slots=True)
class Rules:
    """All versions of a compound's rule, and the community's clock."""

    zone: ZoneInfo = HOME
    versions: list[LimitRule] = field(default_factory=list)


async def add(
    connection: Connection, community: UUID, compound: UUID, rule: LimitRule, made_by: str, now: datetime
) -> int:
    """Store the next version of a compound's rule, whose row must be locked; gives its number."""
    version: int = await connection.fetchval(
        _ADD,
        compound,
        community,
        rule.effective_from,
        rule.free_minutes,
        rule.households_exempt,
        rule.passes_exempt,
        sorted(rule.exempt_kinds),
        [
            *(_hours(each.hours) | {"free_minutes": each.free_minutes} for each in rule.free_times),
            *(_hours(hours) | {"uncounted": True} for hours in rule.uncounted),
        ],
        [{"zone": each.zone, "hours": [_hours(hours) for hours in each.hours]} for each in rule.quiet],
        made_by,
        now,
    )
    return version


async def of_compound(connection: Connection, community: UUID, compound: UUID) -> list[LimitRule]:
    """All versions of a compound's rule, the first one first."""
    return [_rule(*row) for row in await connection.fetch(_OF, community, compound)]


async def of_compounds(connection: Connection, compounds: Collection[UUID]) -> dict[UUID, Rules]:
    """The rules of these compounds, of any communities."""
    found = {compound: Rules() for compound in compounds}
    for compound, zone, *columns in await connection.fetch(_IN_FORCE, list(compounds)):
        found[compound].versions.append(_rule(*columns))
        if zone is not None:
            found[compound].zone = ZoneInfo(zone)
    return found


def _rule(
    version: int,
    effective_from: datetime,
    free_minutes: int | None,
    households_exempt: bool,
    passes_exempt: bool,
    exempt_kinds: list[str],
    windows: list[dict[str, Any]],
    quiet: list[dict[str, Any]],
) -> LimitRule:
    return LimitRule(
        version,
        effective_from,
        free_minutes,
        households_exempt,
        passes_exempt,
        frozenset(map(PlateKind, exempt_kinds)),
        tuple(FreeTime(_read(each), each["free_minutes"]) for each in windows if "uncounted" not in each),
        tuple(_read(each) for each in windows if "uncounted" in each),
        tuple(QuietZone(each["zone"], tuple(map(_read, each["hours"]))) for each in quiet),
    )


def _hours(hours: Hours) -> dict[str, Any]:
    return {
        "days": sorted(hours.days),
        "begins": hours.begins.isoformat("minutes"),
        "ends": hours.ends.isoformat("minutes"),
    }


def _read(stored: dict[str, Any]) -> Hours:
    begins, ends = time.fromisoformat(stored["begins"]), time.fromisoformat(stored["ends"])
    return Hours(frozenset(stored["days"]), begins, ends)
