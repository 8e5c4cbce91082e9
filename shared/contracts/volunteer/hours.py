"""Facts about the hours that volunteers have given."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.contracts.fact import Fact
from shared.contracts.fields import PersonId

Minutes = Annotated[int, Field(ge=-100_000, le=100_000)]
"""Minutes of service; a counter-entry's are negative."""


class HoursCredited(Fact, event_type="linli.volunteer.hours-credited.v1", subject="entry"):
    """An entry was added to a volunteer's hours; a correction is an entry too and never changes one."""

    entry: UUID = Field(description="The ledger's entry.")
    volunteer: UUID = Field(description="The volunteer's entry.")
    person: PersonId = Field(description="Who it is.")
    minutes: Minutes = Field(description="How many minutes, negative when taken back.")
    task: UUID | None = Field(default=None, description="For which task.")
    corrects: UUID | None = Field(default=None, description="Which entry this one corrects.")
