"""What a community wants of a closing is data."""

from dataclasses import replace

from services.issues.domain.closing import ClosingRules
from services.issues.store.closing_rules import closing_rules, put_closing_rules
from services.issues.usecases.versions import tenant
from shared.database.work import Work
from shared.errors import StaleVersion
from shared.http.etag import matching


async def define_closing(work: Work, rules: ClosingRules, expected: int) -> ClosingRules:
    """Store what the community wants; what is closed already keeps its period.

    Raises:
        StaleVersion: it has changed.
    """
    before = await closing_rules(work.connection, tenant(work))
    matching(before.version, expected)
    after = replace(rules, version=before.version + 1)
    if not await put_closing_rules(work.connection, tenant(work), after):
        raise StaleVersion("somebody else has said so first; read it again")
    return after
