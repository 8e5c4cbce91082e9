"""As many tries as there may be, and the quiet hours that a message respects whenever it is tried."""

from shared.database.migration import execute

revision = "0003"
down_revision = "0002"

STATEMENTS: tuple[str, ...] = (
    # A message that lives for a month may be tried more often than 32,767 times.
    "ALTER TABLE messages ALTER COLUMN attempts TYPE integer",
    "ALTER TABLE attempts ALTER COLUMN number TYPE integer",
    # As planning read them, "22:00 07:00 Asia/Shanghai"; none for what may come at any time.
    "ALTER TABLE messages ADD COLUMN quiet_hours text",
    # What was held together is let go in the order in which it happened.
    "DROP INDEX messages_held",
    "CREATE INDEX messages_held ON messages (held_until, event_sequence) WHERE rank = -1",
)


def upgrade() -> None:
    """Widen what counts tries, and keep quiet hours with the message."""
    execute(STATEMENTS)
