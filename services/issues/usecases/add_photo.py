"""A photo is added to a case: its row first, then its objects, and last it is attached and seen."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from uuid import UUID

from services.issues.domain.case import Case, Change, Seer
from services.issues.domain.photos import Photo, PhotoKind, check_adding, may_add
from services.issues.store.cases import case_by_id
from services.issues.store.photo_objects import PhotoObjects
from services.issues.store.photos import announce_photo, attach_photo, photos_of, same_photo
from services.issues.usecases.changing_case import held_case, record_photo
from services.issues.usecases.clean_picture import Darkroom
from services.issues.usecases.versions import missing, tenant
from shared.database.work import Work
from shared.errors import Unavailable
from shared.identifiers import new_id

MOST_AT_ONCE = 32
OpenWork = Callable[[], AbstractAsyncContextManager[Work]]


@dataclass(frozen=True, slots=True)
class Photography:
    """Where pictures are cleaned and kept; `receiving` bounds how many are in memory on their way."""

    darkroom: Darkroom
    objects: PhotoObjects
    receiving: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))


async def keep_photo(
    photography: Photography, open_work: OpenWork, case_id: UUID, seer: Seer, kind: PhotoKind, data: bytes
) -> Photo:
    """Write a photo's objects, so that `show_photo` can attach it; none are written for one that is there.

    Opens units of work of its own, and holds none while it cleans and writes.

    Raises:
        NotFound, NotTheirs, WrongState, TooManyPhotos, NotAPhoto, TooManyPixels, Unavailable: see there.
    """
    digest = hashlib.sha256(data).digest()
    async with open_work() as work:
        case = await _seen(work, case_id, seer)
        there = await same_photo(work.connection, case.community, case_id, kind, digest)
        if there is not None:
            return there
        await _check(work, case, seer, kind)
    picture = await photography.darkroom.clean(data)
    async with open_work() as work:
        photo = Photo(
            id=new_id(),
            case=case_id,
            kind=kind,
            uploaded=digest,
            size=len(picture.full),
            width=picture.width,
            height=picture.height,
            added_by=None if seer.claim else seer.person,
            added_at=work.now,
        )
        await announce_photo(work.connection, case.community, photo)
    await photography.objects.put(case.community, photo.id, picture.full, picture.small)
    return photo


async def show_photo(work: Work, photo: Photo, seer: Seer) -> Photo:
    """Attach a photo that was kept; one that came a second time meanwhile is that one.

    Raises:
        NotFound, NotTheirs, WrongState, TooManyPhotos: see there.
        Unavailable: writing its objects took too long.
    """
    case = await held_case(work, photo.case, seer, None, may_add)
    there = await same_photo(work.connection, tenant(work), photo.case, photo.kind, photo.uploaded)
    if there is not None:
        return there
    await _check(work, case, seer, photo.kind)
    if not await attach_photo(work.connection, tenant(work), photo.id):
        raise Unavailable("the upload took too long; send it again")
    await record_photo(work, case, Change.photo_added, photo)
    return photo


async def _seen(work: Work, case_id: UUID, seer: Seer) -> Case:
    found = await case_by_id(work.connection, tenant(work), case_id)
    if found is None or not may_add(found[0], seer):
        raise missing("case")
    return found[0]


async def _check(work: Work, case: Case, seer: Seer, kind: PhotoKind) -> None:
    there = await photos_of(work.connection, tenant(work), case.id)
    check_adding(case, seer, kind, sum(photo.kind is kind for photo in there))
