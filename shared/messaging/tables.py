"""The tables that every service's database has for its messages; its migrations create and change them.

None of them is walled off by tenant: the outbox because the relay spans tenants and requests may only
insert into it, the others because requests have no right in them at all.
"""

MESSAGING_TABLES: tuple[str, ...] = (
    # Rows live for milliseconds, hence vacuum early and unthrottled; the identity is the order of sending.
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        topic text NOT NULL,
        key bytea,
        headers text NOT NULL,
        value bytea NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now()
    ) WITH (
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 100000, toast.autovacuum_vacuum_scale_factor = 0,
        toast.autovacuum_vacuum_threshold = 5000
    )
    """,
    "GRANT INSERT ON outbox TO linli_request",
    "GRANT SELECT, INSERT, DELETE ON outbox TO linli_system",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        handled_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, event_id)
    ) WITH (autovacuum_vacuum_insert_scale_factor = 0.05)
    """,
    # Rows arrive in order of time, so a few bytes for each 128 pages find the old ones.
    "CREATE INDEX inbox_by_age ON inbox USING brin (handled_at)",
    "GRANT SELECT, INSERT, DELETE ON inbox TO linli_system",
    """
    CREATE TABLE dead_letters (
        id uuid PRIMARY KEY,
        consumer text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL,
        key bytea,
        headers bytea NOT NULL,
        value bytea,
        recorded_at timestamptz NOT NULL,
        type text,
        reason text NOT NULL,
        detail text NOT NULL,
        dead_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (consumer, topic, partition, "offset")
    )
    """,
    # A stranger's key may be longer than a B-tree takes.
    "CREATE INDEX dead_letters_by_key ON dead_letters USING hash (key)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON dead_letters TO linli_system",
    """
    CREATE TABLE parked_events (
        consumer text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL,
        key bytea NOT NULL,
        headers bytea NOT NULL,
        value bytea,
        recorded_at timestamptz NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (consumer, topic, partition, "offset")
    )
    """,
    "CREATE INDEX parked_events_by_key ON parked_events USING hash (key)",
    "GRANT SELECT, INSERT, DELETE ON parked_events TO linli_system",
)

# A length of at most 2^20, doubled for the sign, in groups of seven bits.
_SIZED = r"""
    CREATE OR REPLACE FUNCTION pg_temp.sized(length integer) RETURNS bytea LANGUAGE sql AS $$
        SELECT CASE
            WHEN length < 64 THEN set_byte('\x00', 0, 2 * length)
            WHEN length < 8192 THEN set_byte(set_byte('\x0000', 0, 128 | (2 * length & 127)), 1, length >> 6)
            ELSE set_byte(set_byte(set_byte('\x000000',
                0, 128 | (2 * length & 127)), 1, 128 | ((length >> 6) & 127)), 2, length >> 13)
        END
    $$
"""

# The first migration wrote them as JSON; what waits to be sent meanwhile is rewritten.
HEADERS_AS_THEY_TRAVEL: tuple[str, ...] = (
    _SIZED,
    """
    CREATE FUNCTION pg_temp.packed(headers text) RETURNS bytea LANGUAGE sql AS $$
        SELECT pg_temp.sized(count(*)::integer) || coalesce(string_agg(
            pg_temp.sized(octet_length(name)) || convert_to(name, 'UTF8')
            || pg_temp.sized(octet_length(value)) || convert_to(value, 'UTF8'), NULL ORDER BY place), '')
        FROM json_each_text(headers::json) WITH ORDINALITY AS header (name, value, place)
    $$
    """,
    "ALTER TABLE outbox ALTER COLUMN headers TYPE bytea USING pg_temp.packed(headers)",
)

# Records of one key share a row; what waits meanwhile is rewritten again.
RECORDS_AS_THEY_TRAVEL: tuple[str, ...] = (
    _SIZED,
    "ALTER TABLE outbox ADD COLUMN records bytea",
    """
    UPDATE outbox SET records = int4send(octet_length(tail)) || tail
    FROM (SELECT id AS number, pg_temp.sized(octet_length(value)) || value || headers AS tail
          FROM outbox) AS row
    WHERE id = number
    """,
    "ALTER TABLE outbox ALTER COLUMN records SET NOT NULL, DROP COLUMN headers, DROP COLUMN value",
)
