"""Numbers: one form, sealed for one person, found by hash, and moved to a new key."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from services.notify.domain.contacts import masked
from services.notify.settings import receipt_keys_from
from services.notify.store.phones import InvalidKeys, InvalidPhone, UnknownKey, normalised, phones_from
from services.notify.usecases import reseal_contacts
from services.notify.usecases.put_contacts import find_contacts, show_contact
from services.notify.usecases.reseal_contacts import resealing
from tests.notify.stage import PHONE_KEYS, Stage, number

NEW_KEYS = "k2:" + "Zm9ydHktdHdvIGlzIHRoZSBhbnN3ZXIgdG8gaXQgYWw="


@pytest.mark.parametrize(
    "written", ["13812345678", "+86 138 1234 5678", "0086-138-1234-5678", "138-1234-5678", " 138 1234 5678 "]
)
def test_one_number_in_any_writing_is_one(written: str) -> None:
    assert normalised(written) == "+8613812345678"


def test_a_foreign_number_keeps_its_country() -> None:
    assert normalised("+44 20 7946 0958") == "+442079460958"


@pytest.mark.parametrize("written", ["", "12", "hello", "1381234567", "+861381234567890123", "110"])
def test_what_is_no_number_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(InvalidPhone) as refusal:
        normalised(written)
    assert not written or written not in str(refusal.value)


@given(st.integers(0, 99_999_999))
def test_a_mask_shows_at_most_four_digits_of_the_subscriber(index: int) -> None:
    shown = masked(number(index))
    assert len(shown) == len(number(index))
    assert shown == "+86" + "*" * 7 + number(index)[-4:]


def test_a_sealed_number_opens_for_its_person_only() -> None:
    phones, community = phones_from(PHONE_KEYS), uuid4()
    sealed = phones.seal("+8613812345678", community, "me")
    assert phones.open(sealed.key, sealed.ciphertext, community, "me") == "+8613812345678"
    for where, who in ((community, "you"), (uuid4(), "me")):
        with pytest.raises(UnknownKey):
            phones.open(sealed.key, sealed.ciphertext, where, who)
    assert sealed != phones.seal("+8613812345678", community, "me")
    assert b"138" not in sealed.ciphertext


@pytest.mark.parametrize("written", ["", "k1", "k1:short", "k1:!!!!", f"{PHONE_KEYS},{PHONE_KEYS}"])
def test_keys_that_cannot_be_read_are_refused_without_repeating_them(written: str) -> None:
    with pytest.raises(InvalidKeys) as refusal:
        phones_from(written)
    assert "QUJD" not in str(refusal.value)


@pytest.mark.parametrize("written", ["", "a", "a:", ":b", "a:b,a:c"])
def test_receipt_keys_need_ids_of_their_own(written: str) -> None:
    with pytest.raises(ValueError, match="key"):
        receipt_keys_from(written)


def sealed_by(key: str) -> float | None:
    return REGISTRY.get_sample_value("linli_phones_sealed", {"key": key})


@pytest.mark.anyio
async def test_a_key_is_rotated_without_losing_a_number(stage: Stage) -> None:
    for index in range(5):
        await stage.contact(f"p-{index}", number(index))
    both, new = phones_from(f"{NEW_KEYS},{PHONE_KEYS}"), phones_from(NEW_KEYS)
    async with stage.works.for_system("test") as work:
        with pytest.raises(UnknownKey):
            await show_contact(work, new, stage.community, "p-1")
    async with stage.works.for_system("test") as work:
        (found,) = await find_contacts(work, both, stage.community, number(3))
        assert found.person == "p-3"
    reseal = resealing(both)
    assert await reseal(stage.works) == 5
    assert await reseal(stage.works) == 0
    assert (sealed_by("k2"), sealed_by("k1")) == (5, None)
    async with stage.works.for_system("test") as work:
        (found,) = await find_contacts(work, new, stage.community, number(3))
        assert (found.masked_phone, found.version) == (masked(number(3)), 1)


@pytest.mark.anyio
async def test_numbers_that_no_key_opens_keep_none_from_the_new_key(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are passed over, and seen to be left under their old key."""
    monkeypatch.setattr(reseal_contacts, "_AT_ONCE", 2)
    for index in range(8):
        await stage.contact(f"p-{index}", number(index))
    spoil = "UPDATE contacts SET phone_sealed = phone_sealed || ''::bytea || '\\x00' WHERE person < 'p-4'"
    await stage.database.system.execute(spoil)
    await stage.database.system.execute("UPDATE contacts SET phone_key = 'k0' WHERE person = 'p-4'")
    reseal = resealing(phones_from(f"{NEW_KEYS},{PHONE_KEYS}"))
    assert await reseal(stage.works) == 3
    assert await reseal(stage.works) == 0
    assert [sealed_by(key) for key in ("k0", "k1", "k2")] == [1, 4, 3]
