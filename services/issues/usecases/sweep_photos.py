"""Objects that nobody shall see any more are removed: of uploads that broke off, and of photos taken away."""

from datetime import timedelta

from services.issues.store.photo_objects import PhotoObjects
from services.issues.store.photos import mark_swept, unshown_photos
from shared.database.work import Works

BROKEN_OFF_AFTER = timedelta(days=1)
"""Wall time; an upload is attached within an hour or never."""
AT_ONCE = 100


async def sweep_photos(works: Works, objects: PhotoObjects) -> int:
    """Remove some objects, then what says that they are there: broken off in between, it is done again.

    Raises:
        Unavailable: the store is away.
    """
    async with works.for_system("/linli/issues/photos") as work:
        photos = await unshown_photos(work.connection, BROKEN_OFF_AFTER, AT_ONCE)
    for community, photo in photos:
        await objects.delete(community, photo)
    if photos:
        async with works.for_system("/linli/issues/photos") as work:
            await mark_swept(work.connection, [photo for _, photo in photos])
    return len(photos)
