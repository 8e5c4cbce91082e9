"""A photo is taken away, by who added it or an operator; the sweep removes its objects."""

from dataclasses import replace
from uuid import UUID

from services.issues.domain.case import Change, Seer
from services.issues.domain.photos import Photo, check_removing
from services.issues.store import photos
from services.issues.usecases.changing_case import held_case, record_photo
from services.issues.usecases.look_at_photos import find_photo
from services.issues.usecases.versions import tenant
from shared.database.work import Work


async def remove_photo(work: Work, case_id: UUID, photo_id: UUID, by: Seer) -> Photo:
    """Take a photo away for good; who did so and when stays.

    Raises:
        NotFound: see there.
        NotTheirs, WrongState: see there.
    """
    case = await held_case(work, case_id, by, None)
    photo = await find_photo(work, case_id, photo_id, by, lock=True)
    check_removing(case, photo, by)
    await photos.remove_photo(work.connection, tenant(work), photo.id, by.person, work.now)
    await record_photo(work, case, Change.photo_removed, photo)
    return replace(photo, public=False)
