"""Clock in: what parking does again and again."""

from services.parking.usecases.escalate_violations import escalate_violations
from services.parking.usecases.judge_overstays import judge_overstays, recheck_cars
from shared.http.idempotency import forget_keys
from shared.messaging.inbox import forget_old
from shared.runtime.schedule import Every

JUDGE = "judge overstays"
RECHECK = "recheck cars"

SCHEDULE = (
    Every(JUDGE, 1, judge_overstays),  # woken after each delivery besides
    Every(RECHECK, 1, recheck_cars),
    Every("escalate violations", 1, escalate_violations),
    Every("forget idempotency keys", 600, forget_keys),
    Every("forget what was taken in", 600, forget_old),
)
