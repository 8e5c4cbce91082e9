"""The gateways keep the promise of the class idempotent, and remember through kill -9."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pytest

from tests.simulators.conftest import HTTP, KEY, MortalPhones, Phones, Sms

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_same_token_gets_the_first_answer_and_one_message(phones: Phones, sms: Sms) -> None:
    first = phones.results(sms(), traceparent=TRACEPARENT)
    again = phones.results(sms(attempt="2"))
    assert again == first
    assert first[0]["status"] == "accepted"
    (line,) = phones.ledger()
    assert line["repeats"] == 1
    assert line["traceparent"] == TRACEPARENT
    assert line["attempt"] is None


def test_a_message_may_carry_a_trace_of_its_own(phones: Phones, sms: Sms) -> None:
    own = TRACEPARENT.replace("0af7", "1bf8")
    phones.results(sms("own", traceparent=own), sms("shared"), traceparent=TRACEPARENT)
    assert [line["traceparent"] for line in phones.ledger()] == [own, TRACEPARENT]
    assert phones.results(sms("bad", traceparent="x"))[0]["code"] == "invalid-traceparent"


def test_the_same_token_with_another_text_or_number_is_refused(phones: Phones, sms: Sms) -> None:
    phones.results(sms())
    for other in (sms(text="别的内容"), sms(to="+8613900000002")):
        (result,) = phones.results(other)
        assert (result["status"], result["code"]) == ("rejected", "token-reused")
    (line,) = phones.ledger()
    assert (line["text"], line["refused"], line["repeats"]) == ("您的报告已受理。", 2, 0)


def test_a_token_is_one_message_within_a_batch_and_under_concurrency(phones: Phones, sms: Sms) -> None:
    one, two = phones.results(sms(), sms())
    assert one == two
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: phones.results(sms("rung-2"))[0]["provider_id"], range(24)))
    assert len(set(answers)) == 1
    assert [line["repeats"] for line in phones.ledger()] == [1, 23]


def test_sms_and_push_tokens_are_apart(phones: Phones, sms: Sms) -> None:
    phones.results(sms())
    push = {"token": "rung-1", "device": "device:1", "title": "邻里", "body": "已派单", "language": "zh"}
    (result,) = phones.results(push, channel="push")
    assert result["status"] == "accepted"
    assert [line["channel"] for line in phones.ledger()] == ["sms", "push"]
    assert phones.ledger(channel="push")[0]["body"] == "已派单"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": ""}, "invalid-token"),
        ({"token": 7}, "invalid-token"),
        ({"to": "13900000001"}, "invalid-number"),
        ({"to": None}, "invalid-number"),
        ({"text": " "}, "empty-text"),
        ({"text": "字" * 1001}, "text-too-long"),
        ({"language": "中文"}, "invalid-language"),
        ({"callback": "file:///etc/passwd"}, "invalid-callback"),
        ({"template": ["a"]}, "invalid-template"),
    ],
)
def test_a_bad_message_hurts_only_itself(
    phones: Phones, sms: Sms, changes: dict[str, object], code: str
) -> None:
    good, bad = phones.results(sms("good"), {**sms("bad"), **changes})
    assert good["status"] == "accepted"
    assert (bad["status"], bad["code"]) == ("rejected", code)
    assert bad["detail"]
    assert [line["token"] for line in phones.ledger()] == ["good"]


def test_requests_that_are_no_batch_are_refused_whole(phones: Phones, sms: Sms) -> None:
    huge = b'"' + b"x" * 1_100_000
    bodies = {b"{": 400, b"[]": 422, b'{"messages":[]}': 422, b'{"messages":3}': 422, huge: 413}
    for body, status in bodies.items():
        headers = {"authorization": f"Bearer {KEY}"}
        answer = HTTP.post(f"{phones.url}/sms/messages", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
    assert phones.post(*[sms(f"rung-{number}") for number in range(101)]).status_code == 422
    assert phones.post(sms(), authorization="Bearer wrong").status_code == 401
    assert phones.ledger() == []


def test_what_was_answered_survives_kill_9(mortal_phones: MortalPhones, sms: Sms) -> None:
    with ThreadPoolExecutor(4) as callers:
        tokens = [f"rung-{number}" for number in range(200)]
        answers = list(callers.map(lambda token: mortal_phones.results(sms(token))[0], tokens))
    mortal_phones.results(sms("rung-0"))
    mortal_phones.results(sms("rung-1", text="other"))
    before = mortal_phones.ledger()
    mortal_phones.kill()
    mortal_phones.start()
    assert mortal_phones.ledger() == before
    assert {line["token"]: line["provider_id"] for line in before} == {
        answer["token"]: answer["provider_id"] for answer in answers
    }
    assert mortal_phones.results(sms("rung-7"))[0] == answers[7]
    assert len(mortal_phones.ledger()) == 200


def test_whatever_was_answered_before_a_kill_in_full_traffic_is_there(
    mortal_phones: MortalPhones, sms: Sms
) -> None:
    answered: dict[str, str] = {}

    def send(lane: int) -> None:
        for number in count():
            tokens = [f"rung-{lane}-{number}-{place}" for place in range(20)]
            try:
                results = mortal_phones.results(*map(sms, tokens))
            except httpx.TransportError:
                return
            answered.update((result["token"], result["provider_id"]) for result in results)

    with ThreadPoolExecutor(4) as lanes:
        sending = [lanes.submit(send, lane) for lane in range(4)]
        while len(answered) < 400:
            time.sleep(0.005)
        mortal_phones.kill()
        for one in sending:
            one.result()
    mortal_phones.start()
    ledger = {line["token"]: line["provider_id"] for line in mortal_phones.ledger()}
    assert len(ledger) == len(mortal_phones.ledger())
    assert answered.items() <= ledger.items()


def test_a_line_torn_by_a_kill_is_cut_off(mortal_phones: MortalPhones, sms: Sms) -> None:
    mortal_phones.results(sms())
    mortal_phones.kill()
    with mortal_phones.state.open("ab") as journal:
        journal.write(b'{"entry":"message","position":2,"at":"2026')
    mortal_phones.start()
    assert [line["token"] for line in mortal_phones.ledger()] == ["rung-1"]
    mortal_phones.results(sms("rung-2"))
    mortal_phones.kill()
    mortal_phones.start()
    assert [line["position"] for line in mortal_phones.ledger()] == [1, 2]


def test_the_ledger_is_filtered_and_followed(phones: Phones, sms: Sms) -> None:
    phones.results(sms("a"), sms("b", to="+8613900000002"))
    assert [line["token"] for line in phones.ledger(phone="+8613900000002")] == ["b"]
    assert [line["token"] for line in phones.ledger(since=1)] == ["b"]
    assert HTTP.get(f"{phones.url}/ledger?since=-1").status_code == 400
    with HTTP.stream("GET", f"{phones.url}/ledger?since=1&follow=true") as following:
        lines = following.iter_lines()
        assert '"token":"b"' in next(lines)
        phones.results(sms("c"))
        assert '"token":"c"' in next(lines)


def test_a_taken_ledger_and_a_taken_port_are_named(phones: Phones) -> None:
    other = phones.state.with_name("other")
    for port, state, said in ((0, phones.state, "--state"), (phones.port, other, "--port")):
        command = [sys.executable, "-m", "deploy.simulators", "phones"]
        command += ["--port", str(port), "--state", str(state)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode == 1
        assert said in ended.stderr


def test_pages_show_the_message_and_escape_it(phones: Phones, sms: Sms) -> None:
    phones.results(sms(text="<script>alert(1)</script>您好"))
    for path in ("/", "/phones/%2B8613900000001"):
        page = HTTP.get(f"{phones.url}{path}")
        assert page.status_code == 200
        assert "&lt;script&gt;alert(1)&lt;/script&gt;您好" in page.text
        assert "<script" not in page.text
        assert 'lang="zh"' in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Nothing has arrived" in HTTP.get(f"{phones.url}/phones/%22%3E%3Cb%3E").text
