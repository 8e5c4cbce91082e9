"""Clock in: interval -> use case."""

from shared.http.idempotency import forget_keys
from shared.runtime.schedule import Every

# The inbox stays empty as long as nothing is consumed, so only the answers to idempotency keys grow old.
SCHEDULE = (Every("forget idempotency keys", 600, forget_keys),)
