"""How another system's rows are read is data: mappings are put and looked up."""

from dataclasses import asdict, replace
from typing import Any

from services.issues.domain.case import State
from services.issues.domain.mapping import Columns, ImportMapping, WrongMapping
from services.issues.store.imports import mapping_by_name, put_mapping
from services.issues.store.routing import list_categories
from services.issues.usecases.versions import missing, next_version, tenant
from shared.database.work import Work


async def define_mapping(work: Work, mapping: ImportMapping, expected: int | None) -> ImportMapping:
    """Store a mapping, whose categories must be there.

    Raises:
        WrongMapping: it names categories that do not exist.
        PreconditionRequired, StaleVersion: see `next_version`.
    """
    before = await mapping_by_name(work.connection, tenant(work), mapping.name)
    version = next_version(before[1] if before else None, expected)
    known = {category.code for category in await list_categories(work.connection, tenant(work), None, None)}
    named = {*mapping.categories.values(), *filter(None, [mapping.other_category])}
    if named - known:
        raise WrongMapping(f"no categories are called {', '.join(sorted(named - known))}")
    await put_mapping(work.connection, tenant(work), mapping.name, asdict(mapping), version)
    return replace(mapping, version=version)


async def look_up_mapping(work: Work, name: str) -> ImportMapping:
    """Find a mapping.

    Raises:
        NotFound: there is none of that name.
    """
    found = await mapping_by_name(work.connection, tenant(work), name)
    if found is None:
        raise missing("import mapping")
    return _from_data(*found)


def _from_data(data: dict[str, Any], version: int) -> ImportMapping:
    states = {word: State(state) for word, state in data["states"].items()}
    return ImportMapping(
        **{**data, "columns": Columns(**data["columns"]), "states": states, "version": version}
    )
