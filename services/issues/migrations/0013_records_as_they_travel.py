"""The outbox keeps whole records as they travel, and several of one key in one row."""

from shared.database.migration import execute
from shared.messaging.tables import RECORDS_AS_THEY_TRAVEL

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Rewrite them."""
    execute(RECORDS_AS_THEY_TRAVEL)
