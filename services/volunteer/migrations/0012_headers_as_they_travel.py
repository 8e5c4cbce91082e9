"""The outbox keeps headers in the bytes that they have in a record; the relay need not write them then."""

from shared.database.migration import execute
from shared.messaging.tables import HEADERS_AS_THEY_TRAVEL

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Rewrite them."""
    execute(HEADERS_AS_THEY_TRAVEL)
