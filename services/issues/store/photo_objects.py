"""The photos themselves: one API for a folder and for S3-compatible stores, by the setting's address."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from shared.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

FULL, SMALL = "full", "small"


class PhotoObjects:
    """Writes, reads and removes objects; the store is opened when the first is needed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: ObjectStore | None = None

    async def put(self, community: UUID, photo: UUID, full: bytes, small: bytes) -> None:
        """Write a photo's two objects; writing them again does no harm.

        Raises:
            Unavailable: the store is away.
        """
        with _answered():
            for size, data in ((FULL, full), (SMALL, small)):
                # Not in parts: the abandoned parts of an upload would be objects that no sweep sees.
                await self._store.put_async(_name(community, photo, size), data, use_multipart=False)

    async def get(self, community: UUID, photo: UUID, size: str) -> bytes:
        """Read one object.

        Raises:
            NotFound: it is gone.
            Unavailable: the store is away.
        """
        with _answered():
            found = await self._store.get_async(_name(community, photo, size))
            return bytes(await found.bytes_async())

    async def delete(self, community: UUID, photo: UUID) -> None:
        """Remove a photo's objects, as far as they are there.

        Raises:
            Unavailable: the store is away.
        """
        for size in (FULL, SMALL):
            try:
                with _answered():
                    await self._store.delete_async(_name(community, photo, size))
            except NotFound:
                continue

    @property
    def _store(self) -> "ObjectStore":
        if self._opened is None:
            self._opened = _opened(self._url)
        return self._opened


def _opened(url: str) -> "ObjectStore":
    # Imported late: most processes of this service never see a photo.
    from obstore.store import LocalStore, MemoryStore, from_url

    scheme, _, rest = url.partition(":")
    if scheme == "memory":
        return MemoryStore()
    if scheme == "file":
        folder = Path("/" + rest.lstrip("/") if rest.startswith("/") else rest)
        return LocalStore(folder.absolute(), mkdir=True)
    return from_url(url)


def _name(community: UUID, photo: UUID, size: str) -> str:
    return f"{community}/{photo}-{size}.jpg"


@contextmanager
def _answered() -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("no such photo") from error
    except (BaseError, OSError) as error:
        raise Unavailable("the store of photos does not answer") from error
