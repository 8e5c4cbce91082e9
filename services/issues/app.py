"""What issues is made of."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.issues.api import (
    calendar,
    case_changes,
    case_list,
    case_statistics,
    cases,
    categories,
    claims,
    closing_rules,
    communities,
    dispatch,
    dispatch_rules,
    escalation,
    extensions,
    following,
    households,
    import_mappings,
    imports,
    own_reports,
    photos,
    places,
    public_view,
    register_files,
    report_batches,
    reports,
    roles,
)
from services.issues.api.events import WATCH
from services.issues.domain.case import NotTheirs, WrongState
from services.issues.domain.categories import WrongCategory
from services.issues.domain.claim_code import WrongCode
from services.issues.domain.closing import WrongClosingRules
from services.issues.domain.csv_blocks import BadCsv
from services.issues.domain.deadline import TooManyMinutes
from services.issues.domain.dispatch import WrongAssignee, WrongRule
from services.issues.domain.escalation import WrongLadder
from services.issues.domain.extension import TooLateToAsk
from services.issues.domain.following import TooManyFollowers
from services.issues.domain.grants import AlreadyGranted, UnknownRole
from services.issues.domain.households import HouseholdEnded, NotAUnit, WrongPersons
from services.issues.domain.imported_case import MissingColumns
from services.issues.domain.life import NotChecked, RatedAlready, SecondPersonNeeded, TooLateToReopen
from services.issues.domain.mapping import WrongMapping
from services.issues.domain.photos import NotAPhoto, PhotosMissing, TooManyPhotos, TooManyPixels
from services.issues.domain.places import CodeTaken, PlaceClosed, PlaceInUse, WrongFloorArea, WrongParent
from services.issues.domain.words import WrongWord
from services.issues.domain.working_time import WrongHours
from services.issues.schedule import schedule
from services.issues.settings import IssuesSettings
from services.issues.store.photo_objects import PhotoObjects
from services.issues.store.reports import Report
from services.issues.subscriptions import SUBSCRIPTIONS
from services.issues.usecases.add_photo import Photography
from services.issues.usecases.clean_picture import Darkroom
from services.issues.usecases.open_claim import Claims
from services.issues.usecases.report_issues import Outcome, report_issues
from services.issues.usecases.routings import Routings
from shared.database.batch import BatchWriter
from shared.database.work import Works
from shared.errors import Handling
from shared.http.idempotency import StoredAnswer
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    AlreadyGranted: Handling(409, "already-granted", "The role is held already"),
    BadCsv: Handling(422, "bad-csv", "The CSV cannot be read"),
    CodeTaken: Handling(409, "code-taken", "The code is in use"),
    HouseholdEnded: Handling(409, "household-ended", "The household has ended"),
    MissingColumns: Handling(422, "missing-columns", "Columns are missing"),
    NotChecked: Handling(409, "not-checked", "The case has to be checked first"),
    NotAPhoto: Handling(422, "not-a-photo", "The content is no photo"),
    NotAUnit: Handling(422, "not-a-unit", "The place is not a unit"),
    NotTheirs: Handling(403, "not-theirs", "The case is not theirs to change so"),
    PhotosMissing: Handling(409, "photos-missing", "The category demands photos"),
    PlaceClosed: Handling(409, "place-closed", "The place is closed"),
    PlaceInUse: Handling(409, "place-in-use", "The place is in use"),
    RatedAlready: Handling(409, "rated-already", "This closing was rated before"),
    SecondPersonNeeded: Handling(403, "second-person-needed", "A second person has to check"),
    TooLateToAsk: Handling(409, "too-late-to-ask", "More time is asked for and given before the deadline"),
    TooLateToReopen: Handling(409, "too-late-to-reopen", "The period for reopening is over"),
    TooManyFollowers: Handling(409, "too-many-followers", "The case has as many followers as it may have"),
    TooManyMinutes: Handling(422, "too-many-minutes", "So many counted minutes last for years"),
    TooManyPhotos: Handling(409, "too-many-photos", "The case has as many photos as it may have"),
    TooManyPixels: Handling(422, "too-many-pixels", "The picture is too large"),
    UnknownRole: Handling(422, "unknown-role", "There is no such role"),
    WrongAssignee: Handling(422, "wrong-assignee", "The assignee makes no sense"),
    WrongCategory: Handling(422, "wrong-category", "The category makes no sense"),
    WrongClosingRules: Handling(422, "wrong-closing-rules", "The rules of closing make no sense"),
    WrongCode: Handling(404, "wrong-code", "The code opens no case"),
    WrongFloorArea: Handling(422, "wrong-floor-area", "The floor area makes no sense"),
    WrongHours: Handling(422, "wrong-hours", "The working hours make no sense"),
    WrongLadder: Handling(422, "wrong-ladder", "The levels make no sense"),
    WrongMapping: Handling(422, "wrong-mapping", "The mapping makes no sense"),
    WrongParent: Handling(422, "wrong-parent", "The place does not fit there"),
    WrongPersons: Handling(422, "wrong-persons", "The persons make no sense"),
    WrongRule: Handling(422, "wrong-rule", "The dispatch rule makes no sense"),
    WrongState: Handling(409, "wrong-state", "The state of the case does not permit this"),
    WrongWord: Handling(422, "wrong-word", "A name, code or id is not valid"),
}

# Fixed paths before those with a parameter: /places/import is no place's id.
ROUTERS = (
    *(communities.routes, register_files.routes, places.routes, households.routes, roles.routes),
    *(categories.routes, dispatch_rules.routes, reports.routes),
    *(calendar.routes, escalation.routes, dispatch.routes, extensions.routes),
    *(case_list.routes, case_statistics.routes, cases.routes, case_changes.routes, closing_rules.routes),
    *(report_batches.routes, own_reports.routes, claims.routes, following.routes),
    *(photos.routes, photos.demand_routes, public_view.routes, public_view.own_routes),
    *(import_mappings.routes, imports.routes),
)


async def compose(_stack: AsyncExitStack, context: Context) -> Parts:
    """Put the service together."""
    routings = Routings()
    reporting = report_writer(context.works, routings)
    settings = context.settings
    assert isinstance(settings, IssuesSettings)
    objects = PhotoObjects(settings.photos_url)
    return Parts(
        routers=ROUTERS,
        subscriptions=SUBSCRIPTIONS,
        schedule=schedule(routings, objects),
        watch=WATCH,
        batches=(reporting,),
        state={
            "reports": reporting,
            "routings": routings,
            "clock": context.clock,
            "claims": Claims(settings.claim_secrets),
            "photography": Photography(Darkroom(), objects),
        },
    )


def report_writer(works: Works, routings: Routings) -> BatchWriter[Report, StoredAnswer]:
    """Make the batch writer through which reports are stored."""

    async def flush(reports: Sequence[Report]) -> Sequence[Outcome]:
        async with works.for_system("reports") as work:
            return await report_issues(work, reports, routings)

    return BatchWriter(flush, name="reports")


SERVICE = Service(
    name="issues",
    title="Linli issues: cases and the register",
    settings=IssuesSettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
