"""Clock in: interval -> use case."""

from functools import partial

from services.issues.store.photo_objects import PhotoObjects
from services.issues.usecases.escalate_cases import Watermark, escalate_cases
from services.issues.usecases.routings import Routings
from services.issues.usecases.sweep_photos import sweep_photos
from shared.http.idempotency import forget_keys
from shared.messaging.inbox import forget_old
from shared.runtime.schedule import Every

SCHEDULE = (
    Every("forget idempotency keys", 600, forget_keys),
    Every("forget inbox", 600, forget_old),
)


def schedule(routings: Routings, photos: PhotoObjects) -> tuple[Every, ...]:
    """Give what the clock starts; `routings` are those by which reports are dispatched."""
    return (
        *SCHEDULE,
        Every("escalate late cases", 1, partial(escalate_cases, routings=routings, watermark=Watermark())),
        Every("sweep photos", 600, partial(sweep_photos, objects=photos)),
    )
