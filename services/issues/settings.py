"""What issues reads from its environment beside what every service does."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.runtime.settings import ServiceSettings

SHORTEST_CLAIM_KEY = 16


def _claim_keys(written: str) -> str:
    if any(len(key.strip()) < SHORTEST_CLAIM_KEY for key in written.split(",") if written):
        raise ValueError(f"each key has at least {SHORTEST_CLAIM_KEY} characters")
    return written


class IssuesSettings(ServiceSettings):
    """The settings of issues: what makes claim codes, and where photos are kept."""

    claim_keys: Annotated[str, AfterValidator(_claim_keys)] = Field(
        "",
        description="secrets that make the claim codes of anonymous reports, the current one first, commas "
        "between; an old one stays as long as its codes shall work; unset: no codes",
        repr=False,
    )
    photos_url: str = Field(
        "file:.linli/photos",
        description="where photos are kept: file:FOLDER, s3://BUCKET/PREFIX with the AWS_ variables, or "
        "memory: for as long as the process lives",
        pattern=r"^(file:.+|s3://.+|memory:)$",
    )

    @property
    def claim_secrets(self) -> tuple[bytes, ...]:
        """The keys of claim codes, the current one first."""
        return tuple(key.strip().encode() for key in self.claim_keys.split(",")) if self.claim_keys else ()
