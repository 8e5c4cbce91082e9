"""Signatures of devices and providers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Unauthenticated
from shared.security.signatures import KEY_ID, SIGNATURE, SIGNED_AT, sign, verify

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
SECRETS = {"lane-1": "first", "lane-1-next": "second"}
BODY = b'{"reads": []}'


def refused(headers: dict[str, str], body: bytes = BODY, at: datetime = NOW) -> None:
    with pytest.raises(Unauthenticated):
        verify(headers, body, secrets=SECRETS, at=at)


@pytest.mark.parametrize("key_id", SECRETS)
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_both_live_keys_pass_within_five_minutes(key_id: str, seconds: int) -> None:
    headers = sign(BODY, key_id=key_id, secret=SECRETS[key_id], at=NOW + timedelta(seconds=seconds))
    assert verify(headers, BODY, secrets=SECRETS, at=NOW) == key_id


@pytest.mark.parametrize("seconds", [-301, 301])
def test_older_and_later_ones_do_not(seconds: int) -> None:
    refused(sign(BODY, key_id="lane-1", secret="first", at=NOW + timedelta(seconds=seconds)))


@pytest.mark.parametrize("missing", [KEY_ID, SIGNED_AT, SIGNATURE])
def test_each_header_is_needed(missing: str) -> None:
    headers = sign(BODY, key_id="lane-1", secret="first", at=NOW)
    del headers[missing]
    refused(headers)


def test_an_unknown_or_empty_key_signs_nothing() -> None:
    refused(sign(BODY, key_id="lane-2", secret="", at=NOW))
    refused(sign(BODY, key_id="lane-1", secret="second", at=NOW))


def test_a_time_without_zone_or_meaning_is_refused() -> None:
    for signed_at in (NOW.replace(tzinfo=None), NOW):
        headers = sign(BODY, key_id="lane-1", secret="first", at=signed_at)
        if signed_at is NOW:
            headers[SIGNED_AT] = "now"
        refused(headers)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_is_for_one_body(signed: bytes, sent: bytes) -> None:
    headers = sign(signed, key_id="lane-1", secret="first", at=NOW)
    if signed == sent:
        assert verify(headers, sent, secrets=SECRETS, at=NOW) == "lane-1"
    else:
        refused(headers, sent)


@given(st.text(max_size=80))
def test_no_other_text_is_a_signature(signature: str) -> None:
    headers = sign(BODY, key_id="lane-1", secret="first", at=NOW)
    if signature != headers[SIGNATURE]:
        refused(headers | {SIGNATURE: signature})
