"""Notify on one page: what it is made of."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from services.notify.api import contacts, messages, preferences, receipts, rules, templates, vocabularies
from services.notify.api.events import WATCH
from services.notify.channels import batch_call
from services.notify.channels.http_push import HttpPush
from services.notify.channels.http_sms import HttpSms
from services.notify.schedule import schedule, senders
from services.notify.settings import NotifySettings
from services.notify.store.phones import InvalidPhone, UnknownKey, phones_from
from services.notify.subscriptions import DUTY, PLANNING, SUBSCRIPTIONS
from services.notify.usecases.send_messages import Lane
from shared.contracts import Event, Fact
from shared.database.work import Work
from shared.errors import Handling
from shared.messaging.subscription import Subscription
from shared.runtime.parts import Context, Parts, Service

ERRORS: dict[type[BaseException], Handling] = {
    InvalidPhone: Handling(422, "invalid-phone", "This is no telephone number"),
    UnknownKey: Handling(500, "unknown-phone-key", "A number cannot be opened: its key is not configured"),
}


ROUTERS = (
    contacts.routes,
    preferences.routes,
    preferences.community_routes,
    messages.routes,
    rules.routes,
    templates.routes,
    vocabularies.routes,
    receipts.routes,
)


async def compose(stack: AsyncExitStack, context: Context) -> Parts:
    """Put notify together."""
    settings = context.settings
    assert isinstance(settings, NotifySettings)
    phones = phones_from(settings.phone_keys)
    sms = batch_call.client(settings.sms_provider_key)
    push = batch_call.client(settings.push_provider_key)
    sms, push = await stack.enter_async_context(sms), await stack.enter_async_context(push)
    callback = settings.callback_url.rstrip("/")
    providers = (
        HttpSms(sms, settings.sms_provider_url, f"{callback}/receipts/sms"),
        HttpPush(push, settings.push_provider_url, f"{callback}/receipts/push"),
    )
    lanes = [Lane(provider, phones, lease=settings.send_lease_seconds) for provider in providers]
    return Parts(
        routers=ROUTERS,
        subscriptions=_waking(lanes, context.wake),
        schedule=schedule(lanes, phones),
        watch=WATCH,
        state={
            "phones": phones,
            "receipt_secrets": settings.receipt_secrets,
            # A short body with a number could be guessed from its plain hash.
            "fingerprint_secret": hashlib.sha256(b"fingerprints" + settings.phone_keys.encode()).digest(),
        },
    )


def _waking(lanes: Sequence[Lane], wake: Callable[[str], None]) -> Mapping[type[Fact], Subscription]:
    """Let planning wake the senders, so that a message leaves at once and not at their next poll."""
    names = [entry.name for lane in lanes for entry in senders(lane)]

    def wake_senders() -> None:
        for name in names:
            wake(name)

    def waking(planning: Subscription) -> Subscription:
        async def plan_and_wake(work: Work, events: Sequence[Event[Any]]) -> None:
            await planning.use_case(work, events)
            work.after_commit(wake_senders)

        return replace(planning, use_case=plan_and_wake)

    # Types of one subscription share one use case, which gets them together.
    planning, duty = waking(PLANNING), waking(DUTY)
    known = {PLANNING.use_case: planning, DUTY.use_case: duty}
    return {fact: known.get(each.use_case, each) for fact, each in SUBSCRIPTIONS.items()}


SERVICE = Service(
    name="notify",
    title="Linli notify: contacts, rules and messages",
    settings=NotifySettings,
    migrations=Path(__file__).parent / "migrations",
    errors=ERRORS,
    compose=compose,
)
