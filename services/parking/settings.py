"""What parking reads from its environment: no more than every service does."""

from shared.runtime.settings import ServiceSettings


class ParkingSettings(ServiceSettings):
    """Parking's settings."""
