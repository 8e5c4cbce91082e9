"""Zones of compounds, hours in rules, the plates a vehicle had, kinds of passes, and time zones."""

from shared.database.migration import execute
from shared.database.tenancy import tenant_policy

revision = "0003"
down_revision = "0002"

# A projection of the register, guarded by `sequence`; the id is the community's own.
COMMUNITIES = """
CREATE TABLE communities (
    id uuid PRIMARY KEY,
    community_id uuid NOT NULL CHECK (community_id = id),
    zone text NOT NULL,
    sequence bigint NOT NULL
)
"""

ZONES = """
CREATE TABLE zones (
    compound_id uuid NOT NULL,
    code text NOT NULL,
    community_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ordinary', 'quiet', 'fire-lane', 'exit', 'charging', 'accessible')),
    name text,
    spaces integer CHECK (spaces > 0),
    closed boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    PRIMARY KEY (compound_id, code)
)
"""

RULES = """
ALTER TABLE limit_rules
    ADD COLUMN windows jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN quiet jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN exempt_kinds text[] NOT NULL DEFAULT '{}'
"""

PASSES = """
ALTER TABLE passes ADD COLUMN kind text NOT NULL DEFAULT 'visitor'
    CHECK (kind IN ('visitor', 'carer', 'contractor', 'delivery', 'resident'))
"""

# What a vehicle has now stands in `vehicles`; its index is free again, and its plate, once it has ended.
VEHICLES = (
    "ALTER TABLE vehicles ADD COLUMN valid_until timestamptz CHECK (valid_until >= valid_from)",
    "ALTER TABLE vehicles DROP CONSTRAINT vehicles_community_id_plate_key",
    "ALTER TABLE vehicles DROP CONSTRAINT vehicles_household_id_index_key",
    "CREATE UNIQUE INDEX vehicles_plate ON vehicles (community_id, plate) WHERE valid_until IS NULL",
    "CREATE UNIQUE INDEX vehicles_index ON vehicles (household_id, index) WHERE valid_until IS NULL",
    "CREATE INDEX vehicles_of_household ON vehicles (community_id, household_id)",
)

# Every plate a vehicle has or had, and when: what a car was held to then must be known for good.
PLATES = """
CREATE TABLE vehicle_plates (
    vehicle_id uuid NOT NULL,
    version bigint NOT NULL,
    community_id uuid NOT NULL,
    plate_given text NOT NULL,
    plate text NOT NULL,
    plate_kind text NOT NULL,
    plate_suggestion text,
    since timestamptz NOT NULL,
    until timestamptz CHECK (until >= since),
    PRIMARY KEY (vehicle_id, version)
)
"""
_HAD = """
INSERT INTO vehicle_plates (vehicle_id, version, community_id, plate_given, plate, plate_kind,
                            plate_suggestion, since)
SELECT id, version, community_id, plate_given, plate, plate_kind, plate_suggestion, valid_from FROM vehicles
"""

STATEMENTS = (
    COMMUNITIES,
    *tenant_policy("communities", privileges="SELECT"),
    ZONES,
    *tenant_policy("zones", privileges="SELECT, INSERT, UPDATE"),
    RULES,
    PASSES,
    *VEHICLES,
    PLATES,
    # The owner is bound by the walls as well, and sees no tenant's rows behind them.
    "ALTER TABLE vehicles NO FORCE ROW LEVEL SECURITY",
    _HAD,
    "ALTER TABLE vehicles FORCE ROW LEVEL SECURITY",
    "CREATE INDEX vehicle_plates_by_plate ON vehicle_plates (community_id, plate)",
    *tenant_policy("vehicle_plates", privileges="SELECT, INSERT, UPDATE"),
)


def upgrade() -> None:
    execute(STATEMENTS)
