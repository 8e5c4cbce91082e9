"""The phones as one process."""

from contextlib import closing
from pathlib import Path

from deploy.simulators.hosting import Connections, host, listening_socket
from deploy.simulators.phones.application import phones_application
from deploy.simulators.phones.faults import Faults
from deploy.simulators.phones.journal import Journal
from deploy.simulators.phones.ledger import Ledger
from deploy.simulators.phones.receipts import Receipts, Sign


async def run_phones(
    port: int, state: Path, key: str, sign: Sign, *, receipt_delay: float = 0.2, signals: bool = True
) -> None:
    """Serves the phones until a signal; raises PortTaken or JournalInUse."""
    bound = listening_socket(port)
    journal = Journal(state)
    with closing(journal), closing(bound):
        ledger, faults, connections = Ledger(journal), Faults(), Connections()
        receipts = Receipts(ledger, faults, sign, delay=receipt_delay)
        application = phones_application(ledger, faults, receipts, connections, key)
        print(
            f"phones on http://127.0.0.1:{bound.getsockname()[1]}, {ledger.length} messages kept", flush=True
        )
        await host(application, bound, journal.run, receipts.run, connections=connections, signals=signals)
