"""Clock in: what volunteer does again and again."""

from services.volunteer.usecases.duty import turn_duties
from services.volunteer.usecases.positions import forget_positions
from shared.http.idempotency import forget_keys
from shared.runtime.schedule import Every

SCHEDULE = (
    Every("begin and end duty", 5, turn_duties),
    Every("forget positions", 300, forget_positions),
    Every("forget idempotency keys", 600, forget_keys),
)
