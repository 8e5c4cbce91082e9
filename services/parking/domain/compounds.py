"""What may be set up in a compound."""


class UnknownCompoundError(LookupError):
    """The register of this community has no such compound."""


class ClosedCompoundError(ValueError):
    """The compound was closed in the register."""


class UnknownZoneError(LookupError):
    """The compound has no such zone."""


def open_compound(closed: bool | None) -> None:
    """Refuse one that is not there (None) or closed; raises UnknownCompoundError, ClosedCompoundError."""
    if closed is None:
        raise UnknownCompoundError("the register has no such compound in this community")
    if closed:
        raise ClosedCompoundError("the compound was closed")
