"""All push services on one server, which answers as it is told, and `Senders` for an application of each."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.push.certificates import Certificates
from tests.push.fcm.google import account
from tests.push.house import KEY, SUBJECT, apns_access, made
from tests.push.samples import (
    APNS_APP,
    FCM_APP,
    HMS_APP,
    HTTP_APP,
    UNIFIEDPUSH_APP,
    WEBPUSH_APP,
    apns_push,
    fcm_push,
    hms_push,
    http_push,
    push,
)
from tests.push.service import Received, Reply, Service

from ringwake.model.app import AppKey
from ringwake.model.push import Outcome, Push
from ringwake.model.push import Service as Vehicle
from ringwake.push.access import Access, FcmAccess, HmsAccess, HookAccess, WebPushAccess
from ringwake.push.senders import Senders
from ringwake.secret import Secret

PROVIDERS = ("apns voip", "apns remote", "fcm", "webpush", "unifiedpush", "hms", "http")
APPS: dict[str, AppKey] = {
    "apns voip": APNS_APP,
    "apns remote": APNS_APP,
    "fcm": FCM_APP,
    "webpush": WEBPUSH_APP,
    "unifiedpush": UNIFIEDPUSH_APP,
    "hms": HMS_APP,
    "http": HTTP_APP,
}
GRANT = Reply(body=json.dumps({"access_token": "ya29.1", "expires_in": 3599, "token_type": "Bearer"}).encode())
TAKEN = {
    "/v1/projects/demo-project/messages:send": b'{"name":"projects/demo-project/messages/0:1"}',
    "/v1/100000001/messages:send": b'{"code":"80000000","msg":"ok","requestId":"1570"}',
}
HOOK_KEY = Secret(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@dataclass(slots=True)
class Everybody:
    """The services and the senders."""

    server: Service
    senders: Senders
    faults: list[str]
    """What the senders call a fault of ours."""
    answer: Reply | None = None
    """To every push; None: it is taken."""
    grant: Reply = GRANT
    """To every request for an access token."""
    pushes: list[Received] = field(default_factory=list)

    def handle(self, received: Received) -> Reply:
        """Answer a request."""
        if received.path == "/token":
            return self.grant
        self.pushes.append(received)
        return self.answer or Reply(body=TAKEN.get(received.path, b""))

    def push(self, provider: str, **changes: Any) -> Push:
        """Make a push to one provider's phone."""
        match provider:
            case "apns voip":
                return apns_push(Vehicle.VOIP, **changes)
            case "apns remote":
                return apns_push(Vehicle.REMOTE, **changes)
            case "fcm":
                return fcm_push(**changes)
            case "hms":
                return hms_push(**changes)
            case "http":
                return http_push(**changes)
            case _:
                return push(APPS[provider], changes.pop("value", f"{self.server.url}/x"), **changes)

    async def send(self, provider: str, **changes: Any) -> Outcome:
        """Send a push to one provider's phone."""
        return await self.senders.send(self.push(provider, **changes))


@asynccontextmanager
async def everybody(certs: Certificates) -> AsyncIterator[Everybody]:
    """Run it."""
    async with Service(certs) as server, made() as (senders, faults):
        found = Everybody(server, senders, faults)
        server.handle = found.handle
        for app, access in _accesses(server, certs).items():
            senders.add(app, access)
        yield found


def _accesses(server: Service, certs: Certificates) -> dict[AppKey, Access]:
    browser = WebPushAccess(vapid_key=KEY, subject=SUBJECT, allow_private=True, ca_file=certs.ca)
    return {
        APNS_APP: apns_access(server, certs),
        FCM_APP: FcmAccess(service_account=account(server.url), endpoint=server.url, ca_file=certs.ca),
        WEBPUSH_APP: browser,
        UNIFIEDPUSH_APP: browser,
        HMS_APP: HmsAccess(
            secret=Secret("s3cret"), endpoint=server.url, token_endpoint=f"{server.url}/token", ca_file=certs.ca
        ),
        HTTP_APP: HookAccess(endpoint=f"{server.url}/hook", secret=HOOK_KEY, ca_file=certs.ca),
    }
