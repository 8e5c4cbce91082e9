"""A claim code is resolved to its case and community, before anything is done in that community."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.issues.domain.case import Seer
from services.issues.domain.claim_code import WrongCode, claim_code, read_code
from services.issues.store.claims import anonymous_cases
from shared.database.work import Works

_NOBODY = "anonymous reporter"
"""Who acts by a claim code; with its space it is nobody's person id."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An anonymous case whose code somebody has shown."""

    case: UUID
    community: UUID

    @property
    def seer(self) -> Seer:
        """Who asks: the reporter of this case, whoever that is."""
        return Seer(_NOBODY, frozenset(), self.case)


@dataclass(frozen=True, slots=True)
class Claims:
    """Makes claim codes by the first secret and opens those of any; without a secret there are none."""

    secrets: Sequence[bytes]

    def code(self, case: UUID) -> str | None:
        """Write the code of an anonymous case; None where no codes are given."""
        return claim_code(case, self.secrets[0]) if self.secrets else None

    async def open(self, works: Works, written: str, *, linked_to: str | None = None) -> Claim:
        """Find the case of a code, under the system role, since only the case tells its community.

        A case that was put to an account is found for that person only.

        Raises:
            WrongCode: it opens none, or none any more since the case has a reporter with an account.
        """
        code = read_code(written)
        async with works.for_system("/linli/issues/claims") as work:
            cases = await anonymous_cases(work.connection, *code.ids, linked_to)
        for case, community in cases:
            if code.opens(case, self.secrets):
                return Claim(case, community)
        raise WrongCode("no case has this code")
