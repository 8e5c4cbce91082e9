"""Install the rules, templates, vocabularies and policies that ship, as versions of no community."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.notify.domain.rulebook import Entry, Kind
from services.notify.store import rulebook
from shared.database.work import Work
from shared.identifiers import new_id

FOLDER = Path(__file__).parent.parent / "templates"
FILES = {
    Kind.VOCABULARY: "vocabularies.yaml",
    Kind.TEMPLATE: "templates.yaml",
    Kind.RULE: "rules.yaml",
    Kind.POLICY: "policies.yaml",
}


async def install_defaults(work: Work) -> int:
    """Add a version of every shipped default that differs from the installed one; answers how many."""
    if not await rulebook.raise_edition(work.connection, shipped_edition()):
        return 0
    before = {
        (entry.kind, entry.name): entry
        for entry in await rulebook.in_force(work.connection)
        if entry.community is None
    }
    added = 0
    for kind, name, content in shipped():
        old = before.get((kind, name))
        if old is None or old.content != content:
            version = old.version + 1 if old else 1
            entry = Entry(new_id(), None, kind, name, version, content, work.now, work.actor)
            added += await rulebook.add(work.connection, entry)
    return added


@cache
def shipped() -> tuple[tuple[Kind, str, dict[str, Any]], ...]:
    """Give the content of the files in `templates/`."""
    return tuple(
        (kind, name, content)
        for kind, file in FILES.items()
        for name, content in yaml.safe_load((FOLDER / file).read_text("utf-8")).items()
    )


@cache
def shipped_edition() -> int:
    """Tell the edition of the files: it is raised with every change of them."""
    return int(yaml.safe_load((FOLDER / "edition.yaml").read_text("utf-8"))["edition"])
