"""What issues reads from its environment: nothing beyond what every service does."""

from shared.runtime.settings import ServiceSettings


class IssuesSettings(ServiceSettings):
    """The settings of issues."""
