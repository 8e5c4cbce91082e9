"""A person signs up to help."""

from dataclasses import dataclass
from uuid import UUID

from services.volunteer.domain.volunteer import AlreadyRegisteredError, Kind, State, Volunteer, agreed
from services.volunteer.store import volunteers
from services.volunteer.usecases.told import tell
from shared.database.work import Work


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked for; `consent_text` names the version of the text that was agreed to."""

    volunteer: UUID
    community: UUID
    person: str
    kind: Kind
    consent: bool
    consent_text: str
    home_place: UUID | None = None


async def register_volunteer(work: Work, asked: Registration) -> Volunteer:
    """Enters a volunteer, who may be asked once vetted.

    Raises ConsentMissingError, AlreadyRegisteredError.
    """
    volunteer = Volunteer(
        id=asked.volunteer,
        community=asked.community,
        person=asked.person,
        kind=asked.kind,
        state=State.applied,
        consent=agreed(given=asked.consent, text=asked.consent_text, now=work.now),
        registered_at=work.now,
        changed_at=work.now,
        home_place=asked.home_place,
    )
    if not await volunteers.add(work.connection, volunteer):
        raise AlreadyRegisteredError("this person helps in this capacity already")
    tell(work, volunteer)
    return volunteer
