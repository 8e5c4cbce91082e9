"""A volunteer as other services hear of one."""

from services.volunteer.domain.volunteer import Volunteer
from shared.contracts.volunteer.volunteer import VolunteerRegistered
from shared.database.work import Work


def tell(work: Work, volunteer: Volunteer) -> None:
    """Queues the volunteer's state as it now is."""
    fact = VolunteerRegistered(
        volunteer=volunteer.id,
        person=volunteer.person,
        kind=volunteer.kind.value,
        state=volunteer.state.value,
    )
    work.emit(fact, sequence=volunteer.version, community=volunteer.community)
