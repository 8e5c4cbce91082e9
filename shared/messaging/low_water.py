"""Below which outbox id nothing can turn up any more.

A transaction takes its ids before it commits, so a slower one commits a lower id later: "greater than the
last one seen" would lose rows. The mark therefore trails behind what was seen by longer than any writing
transaction may last, and only spares the reader the dead rows of what was deleted long ago.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass
class LowWater:
    """Keeps the mark; `trail` in seconds must exceed the longest transaction that writes to the outbox."""

    trail: float
    mark: int = 0
    _highest: int = 0
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def observe(self, began: float, last: int | None, *, complete: bool, oldest_kept: int | None) -> None:
        """Take in one read from the mark that `began` at that time.

        `last` is the highest id it returned; it is `complete` when no limit cut it short. `oldest_kept` is
        the lowest id that is read but not deleted, beyond which the mark does not go.
        """
        if last is not None:
            self._highest = max(self._highest, last)
        covered = self._highest if complete else last or 0
        while self._seen and self._seen[0][0] <= began - self.trail and self._seen[0][1] <= covered:
            self.mark = max(self.mark, self._seen.popleft()[1])
        if oldest_kept is not None:
            self.mark = min(self.mark, oldest_kept - 1)
        # One sighting a second is enough for a mark that trails by many.
        if self._highest and (not self._seen or self._seen[-1][0] <= began - 1):
            self._seen.append((began, self._highest))
