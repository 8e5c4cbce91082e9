"""Communities: the platform registers them."""

from uuid import UUID

from fastapi import Response
from pydantic import Field

from services.issues.api.fields import In
from services.issues.api.places import PlaceOut
from services.issues.usecases.register_community import NewCommunity, register_community
from shared.contracts.fields import PersonId, PlaceCode, PlaceName, ZoneName
from shared.database.work import Work
from shared.errors import Malformed
from shared.http.call import Requested
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import platform

routes = router("/communities", "register")


class CommunityIn(In):
    """A community and who may do everything else in it."""

    id: UUID | None = Field(None, description="Its id, when it has one already; else one is made")
    code: PlaceCode = Field(examples=["dinghai-east"])
    name: PlaceName = Field(examples=["Dinghai East 定海东"])
    zone: ZoneName = Field("Asia/Shanghai", description="The time zone its rules reckon in")
    operators: list[PersonId] = Field(
        [], max_length=100, description="The first operators of its command room"
    )


@routes.post("", status_code=201, response_model=PlaceOut)
@platform()
async def register(body: CommunityIn, call: Requested) -> Response:
    """Register a community with its first operators."""
    named = call.community_or_none
    if body.id and named and body.id != named:
        raise Malformed("the id is not that in Linli-Community")
    community = body.id or named or new_id()
    new = NewCommunity(body.code, body.name, body.zone, list(dict.fromkeys(body.operators)))

    async def use_case(work: Work) -> PlaceOut:
        return PlaceOut.of(await register_community(work, community, new))

    return await call.write(
        use_case,
        lambda place: place,
        status=201,
        etag=lambda place: place.version,
        location=lambda place: f"/places/{place.id}",
    )
