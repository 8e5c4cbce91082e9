"""Claims: what an anonymous reporter does with the claim code that the answer to their report held.

The code is a secret, so it travels in a header, which nobody logs, and no answer may be kept on its way.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from services.issues.api.case_changes import CheckIn, NoteIn, RateIn, ReopenIn
from services.issues.api.photos import JPEG, PhotoOut, Size, picture
from services.issues.api.uploading import UPLOAD, UPLOAD_LIMIT, uploaded_photo
from services.issues.domain.case import State
from services.issues.domain.photos import Photo, PhotoKind
from services.issues.domain.plain_words import Language, language_of, said_of_change, said_of_state
from services.issues.usecases.add_photo import OpenWork, Photography, keep_photo, show_photo
from services.issues.usecases.check_case import check_case
from services.issues.usecases.link_case import link_case
from services.issues.usecases.look_at_photos import find_photo, list_photos
from services.issues.usecases.look_up_case import WholeCase, look_up_case
from services.issues.usecases.open_claim import Claim, Claims
from services.issues.usecases.rate_case import rate_case
from services.issues.usecases.reopen_case import reopen_case
from services.issues.usecases.withdraw_case import withdraw_case
from shared.database.work import Work, Works
from shared.http.call import Requested
from shared.http.routing import router
from shared.security.policy import members, public

routes = router("/claims", "claims")


class HappenedOut(BaseModel):
    """One thing that happened to the case, in plain words; by whom is not said."""

    at: datetime
    change: str
    said: str
    note: str | None


class ClaimedOut(BaseModel):
    """An anonymous case as its reporter sees it; who handles it and who added a photo is not said."""

    id: UUID
    category: str
    state: State
    said: str
    description: str
    outcome: str | None
    reported_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reopen_until: datetime | None
    version: int
    history: list[HappenedOut]
    photos: list[PhotoOut]

    @classmethod
    def of(cls, found: WholeCase, photos: list[Photo], language: Language) -> "ClaimedOut":
        """Show a case to its anonymous reporter."""
        case, told = found.case, found.told
        return cls(
            id=case.id,
            category=case.category,
            state=case.state,
            said=said_of_state(case.state, language),
            description=told.description,
            outcome=told.outcome,
            reported_at=case.reported_at,
            due_at=case.due_at,
            closed_at=case.closed_at,
            reopen_until=case.reopen_until,
            version=case.version,
            history=[
                HappenedOut(
                    at=entry.at,
                    change=entry.change,
                    said=said_of_change(entry.change, language),
                    note=entry.note,
                )
                for entry in found.history
            ],
            photos=[PhotoOut.of(photo).model_copy(update={"added_by": None}) for photo in photos],
        )


class LinkedOut(BaseModel):
    """The case that is one's own from now on."""

    id: UUID
    reporter: str
    version: int


class Claimed:
    """A claim that was opened, and the units of work of its community."""

    def __init__(self, request: Request, claim: Claim) -> None:
        self.claim = claim
        self.seer = claim.seer
        self._works: Works = request.app.state.works
        self._traceparent: str | None = request.scope.get("linli.traceparent")
        self.language = language_of(request.headers.get("accept-language"))

    @property
    def open(self) -> OpenWork:
        """Open a unit of work in the case's community, walled in as every request is."""
        return lambda: self._works.for_request(self.seer.person, self.claim.community, self._traceparent)

    async def shown(self, response: Response) -> ClaimedOut:
        """Show how the case stands now."""
        async with self.open() as work:
            whole = await look_up_case(work, self.claim.case, self.seer)
            photos = await list_photos(work, self.claim.case, self.seer)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Content-Language"] = self.language.value
        return ClaimedOut.of(whole, photos, self.language)


Code = Annotated[
    str, Header(alias="Linli-Claim-Code", max_length=64, examples=["ABCDE-FGHJK-MNPQR-STVWX-YZ012"])
]


async def claim_of(
    request: Request,
    code: Code,
    accept_language: Annotated[str | None, Header(description="zh or en")] = None,
) -> Claimed:
    """Open the claim whose code came along.

    Raises:
        WrongCode: it opens none.
    """
    del accept_language  # declared for the pages; `Claimed` reads it
    claims: Claims = request.app.state.claims
    return Claimed(request, await claims.open(request.app.state.works, code))


Opened = Annotated[Claimed, Depends(claim_of)]


@routes.get("", response_model=ClaimedOut)
@public()
async def look_up(claimed: Opened, response: Response) -> ClaimedOut:
    """See how one's anonymous report stands, and what happened to it, in plain words."""
    return await claimed.shown(response)


@routes.post("/withdraw", response_model=ClaimedOut)
@public()
async def withdraw(body: NoteIn, claimed: Opened, response: Response) -> ClaimedOut:
    """Take one's report back."""
    async with claimed.open() as work:
        await withdraw_case(work, claimed.claim.case, claimed.seer, body.note, None)
    return await claimed.shown(response)


@routes.post("/check", response_model=ClaimedOut)
@public()
async def check(body: CheckIn, claimed: Opened, response: Response) -> ClaimedOut:
    """Say whether what is called settled is so."""
    async with claimed.open() as work:
        await check_case(work, claimed.claim.case, claimed.seer, body.note, None, fixed=body.fixed)
    return await claimed.shown(response)


@routes.post("/reopen", response_model=ClaimedOut)
@public()
async def reopen(body: ReopenIn, claimed: Opened, response: Response) -> ClaimedOut:
    """Say within the period that a closed case is not settled."""
    async with claimed.open() as work:
        await reopen_case(work, claimed.claim.case, claimed.seer, body.note, None)
    return await claimed.shown(response)


@routes.post("/rate", response_model=ClaimedOut)
@public()
async def rate(body: RateIn, claimed: Opened, response: Response) -> ClaimedOut:
    """Say how content one is with a closing, once for each."""
    async with claimed.open() as work:
        await rate_case(work, claimed.claim.case, claimed.seer, body.stars, body.words, None)
    return await claimed.shown(response)


@routes.post(
    "/photos",
    status_code=201,
    response_model=PhotoOut,
    openapi_extra=UPLOAD,
    max_body_size=UPLOAD_LIMIT,
)
@public()
async def add_photo(claimed: Opened, request: Request) -> PhotoOut:
    """Add a photo of the problem; the same photo sent again is the first one."""
    photography: Photography = request.app.state.photography
    case, seer = claimed.claim.case, claimed.seer
    async with photography.receiving:
        data = await uploaded_photo(request)
        photo = await keep_photo(photography, claimed.open, case, seer, PhotoKind.before, data)
    async with claimed.open() as work:
        return PhotoOut.of(await show_photo(work, photo, seer))


@routes.get("/photos/{photo_id}", response_class=Response, responses=JPEG)
@public()
async def look_at_photo(photo_id: UUID, claimed: Opened, request: Request, size: Size = "full") -> Response:
    """See a photo of one's case."""
    async with claimed.open() as work:
        await find_photo(work, claimed.claim.case, photo_id, claimed.seer)
    photography: Photography = request.app.state.photography
    return picture(await photography.objects.get(claimed.claim.community, photo_id, size), shared=False)


@routes.post("/link", response_model=LinkedOut)
@members()
async def link(request: Request, call: Requested, code: Code) -> Response:
    """Put the case to one's account: one is told like any reporter, and the code opens nothing any more."""
    claims: Claims = request.app.state.claims
    claim = await claims.open(call.works, code, linked_to=call.actor.person)

    async def use_case(work: Work) -> LinkedOut:
        case = await link_case(work, claim, call.actor.person)
        return LinkedOut(id=case.id, reporter=call.actor.person, version=case.version)

    return await call.write(use_case, lambda linked: linked, etag=lambda linked: linked.version)
