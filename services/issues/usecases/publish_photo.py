"""An operator who has looked at a photo lets everybody see it, or no longer."""

from dataclasses import replace
from uuid import UUID

from services.issues.domain.case import Change, Seer
from services.issues.domain.photos import Photo
from services.issues.store import photos
from services.issues.usecases.changing_case import held_case, record_photo
from services.issues.usecases.look_at_photos import find_photo
from services.issues.usecases.versions import tenant
from shared.database.work import Work


async def publish_photo(work: Work, case_id: UUID, photo_id: UUID, by: Seer, *, public: bool) -> Photo:
    """Mark a photo as fit for everybody, or take that back.

    Raises:
        NotFound: see there.
    """
    case = await held_case(work, case_id, by, None)
    photo = await find_photo(work, case_id, photo_id, by, lock=True)
    if photo.public is public:
        return photo
    await photos.publish_photo(work.connection, tenant(work), photo.id, by.person, public=public)
    await record_photo(work, case, Change.photo_published if public else Change.photo_hidden, photo)
    return replace(photo, public=public)
