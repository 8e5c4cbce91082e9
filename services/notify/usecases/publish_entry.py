"""Publish a new version of a rule, a template or a vocabulary: checked before, immutable after."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.notify.domain.rulebook import Entry, Kind, Rulebook
from services.notify.store import rulebook
from services.notify.usecases.check_rule import check_rule
from services.notify.usecases.check_template import check_template
from shared.database.work import Work
from shared.errors import Invalid, NotFound, PreconditionRequired, StaleVersion
from shared.identifiers import new_id


async def publish_entry(
    work: Work, community: UUID, kind: Kind, name: str, content: Mapping[str, Any], *, seen: int | None
) -> Entry:
    """Put a community's own version in force; what was planned before keeps the version it was planned by.

    `seen` is the version in force that the caller has read, None for a name that is not in use.

    Raises:
        Invalid: it does not fit its event, or its template.
        PreconditionRequired, StaleVersion: another version is in force than the caller has seen.
    """
    book = await read_rulebook(work, community)
    before = book.find(community, kind, name)
    if before is not None and seen is None:
        raise PreconditionRequired("this name is in use; send If-Match with the ETag of what is in force")
    if (before.version if before else None) != seen:
        raise StaleVersion("another version is in force by now; read it again")
    version = before.version + 1 if before else 1
    entry = Entry(new_id(), community, kind, name, version, content, work.now, work.actor)
    _check(book, community, entry)
    if not await rulebook.add(work.connection, entry):
        raise StaleVersion("somebody else has just published a version; read it again")
    return entry


async def read_rulebook(work: Work, community: UUID) -> Rulebook:
    """Read what is in force in a community: its own versions and the defaults."""
    return Rulebook(await rulebook.in_force(work.connection, community))


async def show_entry(work: Work, community: UUID, kind: Kind, name: str) -> Entry:
    """Read the version in force.

    Raises:
        NotFound: nothing has this name.
    """
    entry = (await read_rulebook(work, community)).find(community, kind, name)
    if entry is None:
        raise NotFound(f"there is no {kind} of this name")
    return entry


def _check(book: Rulebook, community: UUID, entry: Entry) -> None:
    if entry.kind is Kind.RULE:
        template = entry.content.get("template")
        names = {entry.name, *(each.name for each in book.in_force(community, Kind.RULE))}
        check_rule(entry.content, book.find(community, Kind.TEMPLATE, template) if template else None, names)
    elif entry.kind is Kind.TEMPLATE:
        check_template(entry, book.words(community))
        _check_users(book.in_force(community, Kind.RULE), entry)


def _check_users(rules: Sequence[Entry], template: Entry) -> None:
    """Let a template keep its event while rules use it: written for another, it would silence them."""
    event = template.content["event"]
    users = [
        rule.name
        for rule in rules
        if rule.content.get("template") == template.name and rule.content["event"] != event
    ]
    if users:
        error = {"pointer": "event", "detail": f"another event's rules use it: {', '.join(users)}"}
        raise Invalid("the template cannot be used", errors=[error])
