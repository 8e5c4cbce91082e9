"""The phones to look at: a wall of all of them, and each with its messages, newest first."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse

from deploy.simulators.phones.faults import Faults
from deploy.simulators.phones.ledger import Ledger

SHOWN: Final = 120
HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def _clock(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")


class Pages:
    """`GET /` and `GET /phones/{address}`."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        self._ledger, self._faults = ledger, faults
        # Message texts come from outside: everything is escaped, nothing is marked safe.
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True
        )
        self._templates.filters["clock"] = _clock

    async def wall(self, _request: Request) -> HTMLResponse:
        """Every phone with its last message, the one that rang last in front."""
        phones = self._ledger.phones()
        return self._page(
            "wall.html",
            ledger=self._ledger,
            phones=phones[:SHOWN],
            total=len(phones),
            fault=self._faults.current,
        )

    async def phone(self, request: Request) -> HTMLResponse:
        """One phone, by number or device."""
        address = request.path_params["address"]
        return self._page(
            "phone.html", address=address, messages=list(islice(self._ledger.phone(address), SHOWN))
        )

    def _page(self, name: str, **content: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(name).render(**content), headers=HEADERS)
