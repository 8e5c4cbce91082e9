"""Following a case: hearing what becomes of it without having reported it."""

from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from services.issues.api.cases import seer_of
from services.issues.usecases.follow_case import follow_case, unfollow_case
from shared.http.call import Requested
from shared.http.routing import router
from shared.security.policy import members

routes = router("/cases/{case_id}", "cases")


class FollowingOut(BaseModel):
    """Whether one follows a case now."""

    id: UUID
    following: bool


@routes.post("/follow", response_model=FollowingOut)
@members()
async def follow(case_id: UUID, call: Requested) -> Response:
    """Follow a case that one may see, or that the public view shows; again changes nothing."""
    return await call.write(
        lambda work: follow_case(work, case_id, seer_of(call)),
        lambda case: FollowingOut(id=case.id, following=True),
    )


@routes.post("/unfollow", response_model=FollowingOut)
@members()
async def unfollow(case_id: UUID, call: Requested) -> Response:
    """Follow a case no longer."""
    return await call.write(
        lambda work: unfollow_case(work, case_id, seer_of(call)),
        lambda case: FollowingOut(id=case, following=False),
    )
