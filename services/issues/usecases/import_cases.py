"""Another system's cases come in as history: stored once, flagged where impossible, escalating nothing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.issues.domain.deadline import due_at
from services.issues.domain.dispatch import Routing
from services.issues.domain.imported_case import ImportedCase, Rejected, RowReader
from services.issues.store.imports import NewImport, digests_of, insert_imported
from services.issues.usecases.calendars import calendars
from services.issues.usecases.versions import tenant
from shared.contracts.issues.case import IssueReported
from shared.database.work import Work
from shared.identifiers import new_id

MOST_LISTED = 100


@dataclass(slots=True)
class ImportTally:
    """What came of the rows so far; `differing` ones are known here with other contents and were left."""

    rows: int = 0
    created: int = 0
    unchanged: int = 0
    differing: int = 0
    rejected: int = 0
    states: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    rejects: list[tuple[int, str]] = field(default_factory=list)
    differing_rows: list[int] = field(default_factory=list)

    def add(self, batch: "ImportTally") -> None:
        """Add what came of another batch."""
        self.rows += batch.rows
        self.created += batch.created
        self.unchanged += batch.unchanged
        self.differing += batch.differing
        self.rejected += batch.rejected
        self.states += batch.states
        self.flags += batch.flags
        self.rejects = (self.rejects + batch.rejects)[:MOST_LISTED]
        self.differing_rows = (self.differing_rows + batch.differing_rows)[:MOST_LISTED]

    def reject(self, number: int, reason: str) -> None:
        """Count a row that became no case; the first hundred are listed."""
        self.rejected += 1
        if len(self.rejects) < MOST_LISTED:
            self.rejects.append((number, reason))


async def import_cases(
    work: Work, source: str, rows: Sequence[tuple[int, list[str]]], reader: RowReader, routing: Routing
) -> ImportTally:
    """Store one batch of numbered rows and tell what came of each.

    Of rows with the same external id the first counts; one that was imported before changes nothing.
    """
    tally = ImportTally(rows=len(rows))
    imports = _readable(work, rows, reader, routing, tally)
    await _leave_known(work, source, imports, tally)
    new = list(imports.values())
    stored = set()
    if new:
        numbered = [found for _, found in new]
        stored = await insert_imported(
            work.connection, tenant(work), source, numbered, at=work.now, actor=work.actor
        )
    for _, found in new:
        # Not stored: another request imports the same file at this moment.
        tally.created += found.id in stored
        tally.unchanged += found.id not in stored
        if found.id in stored:
            work.emit(_fact(found), sequence=1, time=found.row.reported_at, imported=True)
    return tally


def _readable(
    work: Work,
    rows: Sequence[tuple[int, list[str]]],
    reader: RowReader,
    routing: Routing,
    tally: ImportTally,
) -> dict[str, tuple[int, NewImport]]:
    imports: dict[str, tuple[int, NewImport]] = {}
    for number, row in rows:
        try:
            found = reader.read(row, work.now)
        except Rejected as error:
            tally.reject(number, str(error))
            continue
        category = routing.categories.get(found.category)
        if category is None:
            tally.reject(number, f"no category has the code {found.category}")
            continue
        if found.external_id in imports:
            tally.reject(number, f"the same id as row {imports[found.external_id][0]}")
            continue
        tally.states[found.state.value] += 1
        tally.flags.update(found.flags)
        due = due_at(found.reported_at, category.deadline_minutes, calendars(routing.time)[category.counted])
        imports[found.external_id] = (number, NewImport(new_id(), found, category.priority, due))
    return imports


async def _leave_known(
    work: Work, source: str, imports: dict[str, tuple[int, NewImport]], tally: ImportTally
) -> None:
    """Take out what was imported before."""
    known = await digests_of(work.connection, tenant(work), source, list(imports))
    for external_id, digest in known.items():
        number, found = imports.pop(external_id)
        if digest == found.row.digest:
            tally.unchanged += 1
        else:
            tally.differing += 1
            tally.differing_rows.append(number)


def _fact(found: NewImport) -> IssueReported:
    row: ImportedCase = found.row
    return IssueReported(
        case=found.id,
        category=row.category,
        place=None,
        priority=found.priority.value,
        state=row.state.value,
        reporter=None,
        reported_at=row.reported_at,
        due_at=found.due_at,
        closed_at=row.closed_at,
        flags=row.flags,
    )
