"""Everybody may see the open cases of a community, as far as the community shows them."""

import hashlib
from collections.abc import Container, Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from services.issues.domain.masking import masked
from services.issues.domain.public_view import SHOWN_STATES, PublicView, ShownText
from services.issues.store.photos import public_photos
from services.issues.store.public_cases import (
    Box,
    PublicCase,
    community_is_there,
    public_cases,
    public_photo,
    texts_of,
)
from services.issues.store.public_views import public_view_of, put_public_view
from services.issues.usecases.versions import missing, next_version, tenant
from shared.database.work import Work


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A page of open cases with its entity tag; `words` are unmasked and for `text` only, none by default."""

    tag: str
    cases: list[PublicCase]
    photos: Mapping[UUID, list[UUID]] = field(default_factory=dict)
    words: Mapping[UUID, str] = field(default_factory=dict, repr=False)

    def text(self, case: UUID) -> str | None:
        """Give a case's words as everybody may read them; a page of them takes tenths of a second."""
        words = self.words.get(case)
        return None if words is None else _masked(words)


_masked = lru_cache(maxsize=4096)(masked)
"""Kept, since the same open cases are asked for again and again."""


async def show_public_cases(
    work: Work,
    form: str,
    box: Box | None,
    after: tuple[datetime | None, UUID] | None,
    limit: int,
    known: Container[str],
) -> PublicPage:
    """Show a page in one of its forms; of one whose tag is known, nothing but the tag is of use.

    The tag is of all that is shown but the texts, which never change, so that neither reading nor masking
    them is needed to tell that nothing changed. One case more than `limit` is read.

    Raises:
        NotFound: no such community, or it shows nothing.
    """
    view = await _shown_view(work)
    cases = await public_cases(work.connection, view, box, after, limit + 1)
    ids = [case.id for case in cases]
    photos = await public_photos(work.connection, view.community, ids)
    said = repr((form, view.version, [astuple(case) for case in cases], sorted(photos.items())))
    tag = f'"{hashlib.sha256(said.encode()).hexdigest()[:32]}"'
    if tag in known:
        return PublicPage(tag, [])
    shows_text = view.text is ShownText.masked
    words = await texts_of(work.connection, view.community, ids) if shows_text else {}
    return PublicPage(tag, cases, photos, words)


async def find_public_photo(work: Work, photo: UUID) -> None:
    """Let a photo be seen that somebody marked for everybody, as long as its case is shown.

    Raises:
        NotFound: it is not for everybody.
    """
    view = await _shown_view(work)
    found = await public_photo(work.connection, view.community, photo)
    if found is None or found[0] not in SHOWN_STATES or not view.shows(found[1]):
        raise missing("photo")


async def define_public_view(work: Work, view: PublicView, expected: int | None) -> PublicView:
    """Say what everybody may see from now on.

    Raises:
        PreconditionRequired, StaleVersion: see `next_version`.
    """
    before = await public_view_of(work.connection, tenant(work), lock=True)
    version = next_version(before.version or None, expected)
    after = PublicView(tenant(work), view.shown, view.text, view.hidden_categories, version)
    await put_public_view(work.connection, after)
    return after


async def _shown_view(work: Work) -> PublicView:
    view = await public_view_of(work.connection, tenant(work))
    if not view.shown or not await community_is_there(work.connection, tenant(work)):
        raise missing("public view")
    return view
