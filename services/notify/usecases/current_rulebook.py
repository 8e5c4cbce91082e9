"""The rulebook as planning sees it: read once, kept until somebody publishes."""

from collections import OrderedDict
from uuid import UUID

from services.notify.domain.rulebook import Rulebook
from services.notify.store import rulebook
from services.notify.usecases.install_defaults import install_defaults, shipped_edition
from shared.database.work import Work

_KEPT = 4
_copies: OrderedDict[UUID, Rulebook] = OrderedDict()
"""By revision, which is random and so says also whose database it was read from."""


async def current_rulebook(work: Work) -> Rulebook:
    """Give the rules, templates and vocabularies in force, with the shipped defaults installed before."""
    revision, edition = await rulebook.revision(work.connection)
    if edition < shipped_edition():
        await install_defaults(work)
        # What this transaction wrote may yet be rolled back: read it, but keep nothing of it.
        return Rulebook(await rulebook.in_force(work.connection))
    found = _copies.get(revision)
    if found is None:
        found = _copies[revision] = Rulebook(await rulebook.in_force(work.connection))
        while len(_copies) > _KEPT:
            _copies.popitem(last=False)
    return found
