"""Each fault script does what it says, for as many requests as it says."""

import time
from typing import Any

import httpx
import pytest

from tests.simulators.conftest import HTTP, Phones, Sms


def test_a_dropped_answer_leaves_the_message_on_the_phone_once(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="drop-answer", count=1)
    with pytest.raises(httpx.TransportError):
        phones.post(sms())
    (result,) = phones.results(sms(attempt="2"))
    assert result["status"] == "accepted"
    (line,) = phones.ledger()
    assert line["repeats"] == 1


def test_an_error_after_acceptance_is_an_unknown_result(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="error-after-accept", count=2)
    assert [phones.post(sms()).status_code for _ in range(3)] == [500, 500, 200]
    assert [line["repeats"] for line in phones.ledger()] == [2]


@pytest.mark.parametrize(("mode", "status"), [("throttle", 429), ("unavailable", 503)])
def test_a_refused_request_stores_nothing(phones: Phones, sms: Sms, mode: str, status: int) -> None:
    phones.fault(mode=mode, count=1)
    answer = phones.post(sms())
    assert answer.status_code == status
    assert int(answer.headers["retry-after"]) >= 1
    assert phones.ledger() == []
    assert phones.post(sms()).status_code == 200


def test_a_refused_number_is_final_for_its_token_and_reaches_no_phone(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="refuse", count=1)
    first = phones.results(sms())
    assert (first[0]["status"], first[0]["code"]) == ("rejected", "number-refused")
    assert phones.results(sms()) == first
    assert [line["status"] for line in phones.ledger()] == ["rejected"]
    assert "No phone has rung" in HTTP.get(phones.url).text


def test_a_slow_answer_comes_late_but_comes(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="slow", seconds=0.4, count=1)
    began = time.monotonic()
    assert phones.results(sms())[0]["status"] == "accepted"
    assert time.monotonic() - began >= 0.4


def test_a_fault_of_one_channel_leaves_the_other_alone(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="unavailable", channel="push")
    assert phones.post(sms()).status_code == 200
    push = {"token": "rung-1", "device": "device:1", "title": "邻里", "body": "已派单"}
    assert phones.post(push, channel="push").status_code == 503
    phones.fault(mode="none")
    assert phones.post(push, channel="push").status_code == 200


def test_a_script_says_what_is_left_and_a_wrong_one_is_refused(phones: Phones, sms: Sms) -> None:
    phones.fault(mode="throttle", count=3)
    phones.post(sms())
    assert HTTP.get(f"{phones.url}/faults").json()["count"] == 2
    assert "throttle" in HTTP.get(phones.url).text
    extras: list[dict[str, Any]] = [{"seconds": -1}, {"count": 0}, {"channel": "fax"}, {"second": 1}]
    scripts: list[Any] = [{}, [], {"mode": "explode"}, *({"mode": "slow", **extra} for extra in extras)]
    for wrong in scripts:
        assert HTTP.put(f"{phones.url}/faults", json=wrong).status_code == 422
    assert HTTP.put(f"{phones.url}/faults", content=b"{").status_code == 400
