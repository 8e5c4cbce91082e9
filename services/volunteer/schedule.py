"""Clock in: what volunteer does again and again."""

from shared.http.idempotency import forget_keys
from shared.runtime.schedule import Every

SCHEDULE = (Every("forget idempotency keys", 600, forget_keys),)
