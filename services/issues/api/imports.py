"""Bulk import of another system's cases: a CSV of any size streams in and is stored batch by batch."""

from fastapi import Request, Response
from pydantic import BaseModel, Field

from services.issues.api.register_files import check_csv
from services.issues.api.unpacking import unpacked
from services.issues.domain.csv_blocks import BadCsv, CsvBlocks
from services.issues.domain.imported_case import RowReader
from services.issues.domain.mapping import ImportMapping
from services.issues.usecases.define_mapping import look_up_mapping
from services.issues.usecases.import_cases import ImportTally, import_cases
from services.issues.usecases.routings import Routings
from shared.errors import LinliError
from shared.http.call import Call, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/imports", "import")
BATCH = 500
LARGEST_BODY = 1024**3


class RejectOut(BaseModel):
    """A row that became no case."""

    row: int = Field(description="Counted with the header as row 1")
    reason: str


class ImportOut(BaseModel):
    """What came of a file; states and flags are of all rows that are cases now, whenever they came."""

    rows: int
    created: int
    unchanged: int = Field(description="Imported before, with the same contents")
    differing: int = Field(description="Imported before, with other contents: left as they are")
    rejected: int
    states: dict[str, int]
    flags: dict[str, int]
    rejects: list[RejectOut] = Field(description="The first hundred")
    differing_rows: list[int] = Field(description="The first hundred")

    @classmethod
    def of(cls, tally: ImportTally) -> "ImportOut":
        """Show what was counted."""
        return cls(
            rows=tally.rows,
            created=tally.created,
            unchanged=tally.unchanged,
            differing=tally.differing,
            rejected=tally.rejected,
            states=dict(sorted(tally.states.items())),
            flags=dict(sorted(tally.flags.items())),
            rejects=[RejectOut(row=row, reason=reason) for row, reason in tally.rejects],
            differing_rows=tally.differing_rows,
        )


@routes.post(
    "/{mapping}",
    response_model=ImportOut,
    max_body_size=LARGEST_BODY,
    openapi_extra={
        "parameters": [
            {"name": "mapping", "in": "path", "required": True, "schema": {"type": "string"}},
        ],
        "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
    },
)
@allow(Role.operator, Role.importer)
async def load(request: Request) -> Response:
    """Import cases by a mapping, from CSV in UTF-8, plain or with `Content-Encoding: gzip`.

    Each 500 rows are one transaction. A row's natural key is (community, source, its id), so a file that was
    cut off is sent again: what is there already changes nothing. Where one cannot be read to its end, the
    problem says how many `rows` of it were dealt with until then, and how many cases that `created`.
    """
    call: Call = request.state.call
    check_csv(call)
    mapping = await call.read(lambda work: look_up_mapping(work, request.path_params["mapping"]))
    loading = _Loading(call, mapping, request.app.state.routings)
    blocks = CsvBlocks(mapping.delimiter)
    try:
        async for data in unpacked(request):
            await loading.take(blocks.feed(data))
        await loading.take(blocks.finish(), last=True)
    except (BadCsv, LinliError) as error:
        error.extensions |= loading.so_far()
        raise
    return answered(ImportOut.of(loading.tally))


class _Loading:
    """One file on its way in; holds at most a batch and what one piece of the body completes."""

    def __init__(self, call: Call, mapping: ImportMapping, routings: Routings) -> None:
        self.tally = ImportTally()
        self._call = call
        self._mapping = mapping
        self._routings = routings
        self._reader: RowReader | None = None
        self._waiting: list[tuple[int, list[str]]] = []
        self._number = 0

    def so_far(self) -> dict[str, int]:
        """What is committed."""
        return {"rows": self.tally.rows, "created": self.tally.created}

    async def take(self, rows: list[list[str]], *, last: bool = False) -> None:
        """Take the next rows and store whole batches; no connection is held while the body is awaited."""
        for row in rows:
            self._number += 1
            if self._reader is None:
                self._reader = RowReader(self._mapping, [name.strip() for name in row])
            else:
                self._waiting.append((self._number, row))
        while len(self._waiting) >= BATCH or (last and self._waiting):
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            await self._store(batch)

    async def _store(self, batch: list[tuple[int, list[str]]]) -> None:
        call, reader = self._call, self._reader
        assert reader is not None
        opened = call.works.for_request(call.actor.person, call.community, call.traceparent)
        async with opened as work:
            routing = await self._routings.current(work.connection, [call.community])
            tally = await import_cases(
                work, self._mapping.source, batch, reader, routing[call.community].routing
            )
        # Only what is committed counts.
        self.tally.add(tally)
