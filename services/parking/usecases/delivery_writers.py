"""Which batch writer stores a compound's reads: always the same, and each about as many compounds'."""

from collections.abc import Sequence
from uuid import UUID

from services.parking.usecases.record_reads import Delivery, Taken
from shared.database.batch import BatchWriter

Writer = BatchWriter[Delivery, Taken]


class DeliveryWriters:
    """Gives compounds to the writers in turn, as they come.

    Whoever changes a compound's stays holds its row, so that two writers of one compound would only wait for
    each other; one of another compound prepares its rows while the server writes.
    """

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = writers
        self._turns: dict[UUID, int] = {}

    def of(self, compound: UUID) -> Writer:
        """The writer of a compound."""
        turn = self._turns.setdefault(compound, len(self._turns))
        return self._writers[turn % len(self._writers)]
