"""Import mappings: how another system's rows are read."""

from typing import Annotated

from fastapi import Response
from pydantic import Field

from services.issues.api.fields import In
from services.issues.domain.case import State
from services.issues.domain.mapping import Columns, ImportMapping
from services.issues.usecases.define_mapping import define_mapping, look_up_mapping
from shared.contracts.fields import Code, ZoneName
from shared.http.call import Requested, answered
from shared.http.routing import router
from shared.security.policy import allow
from shared.security.roles import Role

routes = router("/import-mappings", "import")
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(max_length=200)]


class ColumnsFields(In):
    """The source's names of its columns; what it lacks is left out."""

    external_id: ColumnName = Field(examples=["SRNumber"])
    category: ColumnName = Field(examples=["RequestType"])
    state: ColumnName = Field(examples=["Status"])
    reported_at: ColumnName = Field(examples=["CreatedDate"])
    closed_at: ColumnName | None = None
    latitude: ColumnName | None = None
    longitude: ColumnName | None = None
    description: ColumnName | None = None


class MappingIn(In):
    """One source's dialect."""

    source: Code = Field(
        description="The other system; with its row's id it is a case's natural key", examples=["hotline"]
    )
    columns: ColumnsFields
    categories: dict[Word, Code] = Field({}, max_length=10_000, description="Its words for our categories")
    other_category: Code | None = Field(None, description="For words that are not listed; none rejects them")
    states: dict[Word, State] = Field(min_length=1, max_length=1000)
    time_format: Annotated[str, Field(min_length=2, max_length=100)] = Field(
        description="As Python's strptime has it", examples=["%m/%d/%Y %I:%M:%S %p"]
    )
    zone: ZoneName = Field(description="Where its local times are local", examples=["America/Los_Angeles"])
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","


class MappingOut(MappingIn):
    """A mapping as it stands."""

    name: str
    version: int

    @classmethod
    def of(cls, mapping: ImportMapping) -> "MappingOut":
        """Show a mapping."""
        names = mapping.columns
        return cls(
            source=mapping.source,
            columns=ColumnsFields(**{name: getattr(names, name) for name in ColumnsFields.model_fields}),
            categories=dict(mapping.categories),
            other_category=mapping.other_category,
            states=dict(mapping.states),
            time_format=mapping.time_format,
            zone=mapping.zone,
            delimiter=mapping.delimiter,
            name=mapping.name,
            version=mapping.version,
        )


@routes.put("/{name}", response_model=MappingOut)
@allow(Role.operator, Role.importer)
async def define(name: Code, body: MappingIn, call: Requested) -> Response:
    """Define a mapping, or with `If-Match` redefine it."""
    expected = None if call.if_match is None else call.require_version()
    given = body.model_dump() | {"columns": Columns(**body.columns.model_dump())}
    mapping = ImportMapping(name=name, **given)
    return await call.write(
        lambda work: define_mapping(work, mapping, expected),
        MappingOut.of,
        etag=lambda stored: stored.version,
    )


@routes.get("/{name}", response_model=MappingOut)
@allow(Role.operator, Role.importer)
async def look_up(name: Code, call: Requested) -> Response:
    """Read one mapping."""
    mapping = await call.read(lambda work: look_up_mapping(work, name))
    return answered(MappingOut.of(mapping), version=mapping.version)
