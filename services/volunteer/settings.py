"""What volunteer reads from its environment: no more than every service does."""

from shared.runtime.settings import ServiceSettings


class VolunteerSettings(ServiceSettings):
    """Volunteer's settings."""
