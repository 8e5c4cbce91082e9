"""Photos are looked at by whoever may see their case."""

from uuid import UUID

from services.issues.domain.case import Seer, may_see
from services.issues.domain.photos import Photo
from services.issues.store.cases import case_by_id
from services.issues.store.photos import photo_by_id, photos_of
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work


async def list_photos(work: Work, case_id: UUID, seer: Seer) -> list[Photo]:
    """List a case's photos.

    Raises:
        NotFound: no such case that they may see.
    """
    found = await case_by_id(work.connection, tenant(work), case_id)
    if found is None or not may_see(found[0], seer):
        raise missing("case")
    return await photos_of(work.connection, tenant(work), case_id)


async def find_photo(work: Work, case_id: UUID, photo_id: UUID, seer: Seer, *, lock: bool = False) -> Photo:
    """Find one photo of a case.

    Raises:
        NotFound: no such case that they may see, or no such photo of it.
    """
    found = await case_by_id(work.connection, tenant(work), case_id)
    photo = await photo_by_id(work.connection, tenant(work), photo_id, lock=lock)
    if found is None or photo is None or photo.case != case_id or not may_see(found[0], seer):
        raise missing("photo")
    return photo
