"""Clock in: interval -> use case."""

from shared.http.idempotency import forget_keys
from shared.messaging.inbox import forget_old
from shared.runtime.schedule import Every

SCHEDULE = (
    Every("forget idempotency keys", 600, forget_keys),
    Every("forget inbox", 600, forget_old),
)
