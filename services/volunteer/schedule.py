"""Clock in: what volunteer does again and again."""

from services.volunteer.usecases.duty import turn_duties
from services.volunteer.usecases.end_task import expire_tasks
from services.volunteer.usecases.forget_endings import forget_endings
from services.volunteer.usecases.offer_tasks import offer_tasks
from services.volunteer.usecases.positions import forget_positions
from services.volunteer.usecases.recurring_tasks import open_due_tasks
from services.volunteer.usecases.relatives_link import forget_links
from shared.http.idempotency import forget_keys
from shared.messaging.inbox import forget_old
from shared.runtime.schedule import Every

ASK = "ask for tasks"

SCHEDULE = (
    Every("begin and end duty", 5, turn_duties),
    Every("open recurring tasks", 30, open_due_tasks),
    Every("expire tasks", 5, expire_tasks),
    Every(ASK, 1, offer_tasks),
    Every("forget positions", 300, forget_positions),
    Every("forget what ended elsewhere", 600, forget_endings),
    Every("forget links", 600, forget_links),
    Every("forget idempotency keys", 600, forget_keys),
    Every("forget what was taken in", 600, forget_old),
)
