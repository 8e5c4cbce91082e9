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

    def observe(self, began: float, last: int, *, oldest_kept: int | None) -> None:
        """Take in that everything from the mark to the end was read, which `began` at that time.

        `last` is the highest id read, or any lower one if there was none; `oldest_kept` the lowest that is
        read but not deleted, beyond which the mark does not go.
        """
        self._highest = max(self._highest, last)
        while self._seen and self._seen[0][0] <= began - self.trail:
            self.mark = max(self.mark, self._seen.popleft()[1])
        if oldest_kept is not None:
            self.mark = min(self.mark, oldest_kept - 1)
        # One sighting a second is enough for a mark that trails by many.
        if not self._seen or self._seen[-1][0] <= began - 1:
            self._seen.append((began, self._highest))
