"""The story waits for the phones that must ring, and for no others."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from deploy.demo.day.phones import Expected, Phones
from deploy.demo.failures import DemoFailed
from deploy.demo.town.people import Contact
from tests.simulators.conftest import Phones as SimulatedPhones
from tests.simulators.conftest import running_phones

pytestmark = pytest.mark.anyio

WORDS = "case-resolved"
ANNA = Expected(Contact("anna", "+8619900000001", "zh", None), WORDS)
BO = Expected(Contact("bo", "+8619900000002", "en", "demo-bo"), WORDS)


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedPhones]:
    with running_phones(tmp_path / "phones.jsonl") as started:
        yield started


@pytest.fixture
async def watching(simulated: SimulatedPhones) -> AsyncIterator[Phones]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Phones(client, simulated.url)


def sms(token: str, to: Expected, text: str = "已受理", template: str = WORDS) -> dict[str, str]:
    return {"token": token, "to": to.contact.phone, "text": text, "template": template}


async def test_all_expected_phones_are_awaited_by_whatever_channel(
    simulated: SimulatedPhones, watching: Phones
) -> None:
    simulated.results(sms("before", ANNA, "earlier"))
    await watching.skip()
    began = datetime.now(UTC)
    simulated.results(sms("x", ANNA, "other", "case-late"), sms("a", ANNA))
    push = {"token": "b", "device": "demo-bo", "title": "邻里", "body": "done", "template": WORDS}
    simulated.results(push, channel="push")
    rung = await watching.await_ringing([ANNA, BO], began, 5)
    assert [(each.person, each.channel, each.text) for each in rung] == [
        ("anna", "sms", "已受理"),
        ("bo", "push", "邻里: done"),
    ]
    assert all(-0.01 <= each.after < 5 for each in rung)
    late = await watching.await_ringing([Expected(ANNA.contact, "case-late")], began, 5)
    assert [each.text for each in late] == ["other"]  # kept until somebody waits for it


async def test_a_silent_phone_is_named(simulated: SimulatedPhones, watching: Phones) -> None:
    simulated.results(sms("a", ANNA))
    with pytest.raises(
        DemoFailed, match=r"phones of bo \(case-resolved\) failed: they heard nothing within 0\.2 s"
    ):
        await watching.await_ringing([ANNA, BO], datetime.now(UTC), 0.2)
