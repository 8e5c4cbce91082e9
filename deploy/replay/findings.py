"""What the replay found, line by line; one wrong line makes the whole replay fail."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Findings:
    """Prints each figure beside what it must be."""

    say: Callable[[str], None]
    wrong: list[str] = field(default_factory=list)

    def equal(self, what: str, found: object, expected: object) -> None:
        """Note a figure that must be exactly this."""
        self._note(what, found, found == expected, f"must be {expected}")

    def at_least(self, what: str, found: float, least: float) -> None:
        """Note a figure with a lower bound."""
        self._note(what, found, found >= least, f"at least {least:g}")

    def at_most(self, what: str, found: float, most: float) -> None:
        """Note a figure with an upper bound."""
        self._note(what, found, found <= most, f"at most {most:g}")

    def count(self, what: str, found: object) -> None:
        """Note a figure that is only counted."""
        self.say(f"      {what:<58} {found}")

    def _note(self, what: str, found: object, good: bool, rule: str) -> None:
        shown = f"{found:.1f}" if isinstance(found, float) else f"{found}"
        self.say(f"  {'ok ' if good else 'NOT'} {what:<58} {shown}{'' if good else f'  ({rule})'}")
        if not good:
            self.wrong.append(what)
