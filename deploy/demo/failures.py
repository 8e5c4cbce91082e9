"""What a user of the demo reads when something does not work."""


class DemoFailed(Exception):
    """A step of the demo failed: which, why, and what to do about it."""

    def __init__(self, step: str, why: str, to_do: str) -> None:
        super().__init__(f"{step} failed: {why}\nWhat to do: {to_do}")
