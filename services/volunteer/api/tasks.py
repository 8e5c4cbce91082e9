"""Tasks: asked for, shown on the board without a name or a door, and cancelled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from services.volunteer.api.access import In, Moment, own
from services.volunteer.api.beneficiaries import PointIn
from services.volunteer.domain.position import blurred, read_point
from services.volunteer.domain.task import Outcome, Task, TaskState
from services.volunteer.store import tasks
from services.volunteer.usecases.disclose import show_code
from services.volunteer.usecases.end_task import cancel_task
from services.volunteer.usecases.open_task import Ask, open_task
from shared.contracts.fields import Code
from shared.database.work import Work
from shared.errors import NotFound
from shared.http.call import Requested, answered
from shared.http.paging import Page, Paged
from shared.http.routing import router
from shared.identifiers import new_id
from shared.security.policy import members

routes = router("/tasks", "tasks")


class AskIn(In):
    """What is asked for; without times it is open from now, for as long as its kind says."""

    kind: Code = Field(examples=["carry-home"])
    beneficiary: UUID | None = Field(None, description="For whom; names and doors stay with that entry")
    place: UUID | None = Field(None, description="A place of the register")
    position: PointIn | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    minutes: int | None = Field(None, ge=1, le=1440, description="The effort, when it is not the usual one")
    weight_kg: int | None = Field(None, ge=0, le=500)
    floor: int | None = Field(None, ge=-5, le=200)
    lift: bool | None = None

    def ask(self, ident: UUID, community: UUID) -> Ask:
        """The request as the use case takes it."""
        at = self.position
        return Ask(
            task=ident,
            community=community,
            kind=self.kind,
            beneficiary=self.beneficiary,
            place=self.place,
            point=read_point(at.latitude, at.longitude, at.datum) if at else None,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            minutes=self.minutes,
            weight_kg=self.weight_kg,
            floor=self.floor,
            lift=self.lift,
        )


class AreaView(BaseModel):
    """The middle of a cell of about 0.1 square kilometres, in WGS84 degrees."""

    latitude: float
    longitude: float


class TaskView(BaseModel):
    """What everybody may know of a task."""

    id: UUID
    kind: str
    state: TaskState
    outcome: Outcome | None
    starts_at: datetime
    ends_at: datetime
    places: int
    two_persons: bool
    minutes: int
    weight_kg: int | None
    floor: int | None
    lift: bool | None
    area: AreaView | None
    about: UUID | None = Field(description="The case or violation it arose from")
    version: int

    @classmethod
    def of(cls, task: Task) -> Self:
        """Show a task as on the board."""
        point = blurred(task.point) if task.point else None
        return cls(
            id=task.id,
            kind=task.kind,
            state=task.state,
            outcome=task.outcome,
            starts_at=task.starts_at,
            ends_at=task.ends_at,
            places=task.places,
            two_persons=task.two_persons,
            minutes=task.effort.minutes,
            weight_kg=task.effort.weight_kg,
            floor=task.effort.floor,
            lift=task.effort.lift,
            area=AreaView(latitude=point.latitude, longitude=point.longitude) if point else None,
            about=task.about_id,
            version=task.version,
        )


class OnBoardView(TaskView):
    """A task as the board lists it."""

    free: int = Field(description="How many places nobody has taken")


class CodeView(BaseModel):
    """What the one who is helped says to the volunteer when it is done; none once the task is over."""

    code: str | None


@routes.post("", status_code=201, response_model=TaskView)
@members()
async def ask_for(body: AskIn, call: Requested, request: Request) -> Response:
    """Ask for help, for oneself or one's family, or as staff for anybody; publishes `task-opened`."""
    ask = body.ask(new_id(), call.community)

    async def use_case(work: Work) -> Task:
        work.after_commit(request.app.state.ask)
        return await open_task(work, ask, only_of=own(call))

    return await call.write(
        use_case,
        TaskView.of,
        status=201,
        etag=lambda task: task.version,
        location=lambda task: f"/tasks/{task.id}",
    )


@routes.get("", response_model=Page[OnBoardView])
@members()
async def board(
    call: Requested, paging: Paged, state: TaskState | None = TaskState.open, kind: Code | None = None
) -> Page[OnBoardView]:
    """List tasks, the newest first; the open ones unless another state is asked for."""
    after = paging.after(UUID)

    async def use_case(work: Work) -> list[OnBoardView]:
        found = await tasks.list_newest(
            work.connection,
            call.community,
            state=state,
            kind=kind,
            before=after[0] if after else None,
            most=paging.limit + 1,
        )
        return await _on_board(work, call.community, found)

    return paging.page(await call.read(use_case), lambda view: view, lambda view: (view.id,))


@routes.get("/{task_id}", response_model=OnBoardView)
@members()
async def read(task_id: UUID, call: Requested) -> Response:
    """Read a task as everybody may."""

    async def use_case(work: Work) -> OnBoardView:
        found = await tasks.find(work.connection, call.community, task_id)
        if found is None:
            raise NotFound("no such task")
        return (await _on_board(work, call.community, [found]))[0]

    view = await call.read(use_case)
    return answered(view, version=view.version)


@routes.get("/{task_id}/code", response_model=CodeView)
@members()
async def read_code(task_id: UUID, call: Requested) -> Response:
    """Read the code that ends the task: the one who is helped, the family, who asked, and staff; recorded."""
    code = await call.read(lambda work: show_code(work, call.community, task_id, only_of=own(call)))
    return answered(CodeView(code=code))


@routes.post("/{task_id}/cancel", response_model=TaskView)
@members()
async def cancel(task_id: UUID, call: Requested) -> Response:
    """Say that it is not needed any more: who asked, the family, or staff."""
    return await call.write(
        lambda work: cancel_task(work, call.community, task_id, only_of=own(call)), TaskView.of
    )


async def _on_board(work: Work, community: UUID, found: Sequence[Task]) -> list[OnBoardView]:
    free = await tasks.free_places(work.connection, community, [task.id for task in found])
    return [OnBoardView(**TaskView.of(task).model_dump(), free=free.get(task.id, 0)) for task in found]
