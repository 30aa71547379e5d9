"""What the phone asks its push service for, and how it tells the server (RFC 8599 sections 10 to 12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ringwake.model.ports import Ids
from ringwake.net.tls import client_context
from ringwake.secret import Secret
from ringwake.softphone.account_api import AccountApi
from ringwake.softphone.line import Line, RegisterError
from ringwake.softphone.pushbox import BrowserSubscription, Pushbox, ReceivedPush
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.digest_retry import retry
from ringwake.ua.registration import PushContact, Registration

SUBSCRIBED = frozenset({"webpush", "unifiedpush"})
"""Providers whose token is a push subscription."""
_VAPID = re.compile(r'\+sip\.vapid="([^"]*)"', re.IGNORECASE)


@dataclass(slots=True)
class PhoneTokens:
    """A phone's push address."""

    contact: PushContact
    subscription: BrowserSubscription | None = None
    """Web Push and UnifiedPush only: with the keys that the server encrypts for."""
    is_handed_over: bool = False
    """Whether the server has the keys."""


async def attach(settings: PhoneSettings, on_push: Callable[[ReceivedPush], None]) -> Pushbox:
    """Connect to the push services' inbox.

    Raises:
        PushboxError: it cannot be reached, or refuses.
        OSError: the file of authorities cannot be read.
    """
    return await Pushbox.attach(
        settings.inbox,
        device=settings.device,
        secret=settings.device_secret,
        on_push=on_push,
        tls=client_context(settings.ca_file) if settings.inbox.startswith("wss:") else None,
    )


async def ask_tokens(
    settings: PhoneSettings,
    box: Pushbox,
    line: Line,
    registration: Callable[[], Registration],
    *,
    is_fresh: bool = False,
) -> PhoneTokens:
    """Ask the push service for the phone's token; a fresh one ends that which it had.

    A browser or UnifiedPush app subscribes with the server's VAPID key, which a capability query tells (RFC 8599
    section 4.1.5).

    Raises:
        PushboxError: the push service refuses.
        RegisterError: the server offers no Web Push.
    """
    if settings.provider == "apns":
        team, voip, remote = await box.apns(settings.app, is_fresh=is_fresh)
        prid = f"{voip.reveal()}:voip&{remote.reveal()}:remote"
        return PhoneTokens(PushContact(provider="apns", param=f"{team}.{settings.app}.voip&remote", prid=Secret(prid)))
    if settings.provider not in SUBSCRIBED:
        token = await box.token(settings.provider, settings.app, is_fresh=is_fresh)
        return PhoneTokens(PushContact(provider=settings.provider, param=settings.app, prid=token))
    key = await vapid_key(settings, line, registration())
    subscription = await box.webpush(key, provider=settings.provider, is_fresh=is_fresh)
    return PhoneTokens(PushContact(provider=settings.provider, prid=subscription.endpoint), subscription)


async def hand_over_keys(tokens: PhoneTokens, settings: PhoneSettings, ids: Ids) -> bool:
    """Give the server the encryption keys of a subscription, once; nothing to do for other phones.

    Return whether it has them since now.

    Raises:
        AccountApiError: the phone API cannot be reached, or refuses.
        OSError: the file of authorities cannot be read.
    """
    if tokens.subscription is None or not settings.public_url or tokens.is_handed_over:
        return False
    authorities = settings.ca_file.read_bytes() if settings.ca_file else None
    api = AccountApi(settings.public_url, identity=settings.identity, ids=ids, ca=authorities)
    await api.put_subscription(tokens.subscription)
    tokens.is_handed_over = True
    return True


async def vapid_key(settings: PhoneSettings, line: Line, registration: Registration) -> str:
    """Ask the server for its VAPID key, without registering anything.

    Raises:
        RegisterError: it has none, or refuses (555).
    """
    request = registration.query(line.flow, settings.provider)
    response = await line.request(request)
    again = retry(request, response, settings.identity, registration.ids) if response else None
    if again is not None:
        response = await line.request(again)
    if response is None or response.status >= 300:
        raise RegisterError(response.status if response else 0)
    keys = [key for text in response.headers.texts("feature-caps") for key in _VAPID.findall(text)]
    if not keys:
        raise RegisterError(555)
    return str(keys[0])
