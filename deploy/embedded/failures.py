"""How a step of the embedded suite fails: what failed, why, and what to do about it."""


class StartFailed(Exception):
    """A server or service did not start; carries all that a reader of the terminal needs."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(f"{what}: {why} {remedy}")
        self.what = what
        self.why = why
        self.remedy = remedy
