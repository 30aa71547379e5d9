"""The payload of every service, built and measured as its limit is meant."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.push.samples import (
    FCM_TOKEN,
    HMS_TOKEN,
    HTTP_TOKEN,
    NOW,
    apns_push,
    fcm_push,
    hms_push,
    http_push,
    webpush_push,
)

from ringwake.model.push import Push, Service
from ringwake.push.apns.payload import payload as apns_payload
from ringwake.push.fcm.payload import payload as fcm_payload
from ringwake.push.hms.payload import payload as hms_payload
from ringwake.push.hook.payload import payload as hook_payload
from ringwake.push.webpush.payload import payload as webpush_payload

ENDPOINT = "https://push.example.net/x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One service's payload."""

    push: Callable[..., Push]
    build: Callable[[Push], bytes]
    limit: int
    free: int = 0
    """Octets that do not count: the token."""
    is_data: bool = False
    """All keys and values of `message.data` count, and nothing else (FCM)."""

    def size(self, body: bytes) -> int:
        """Return how many octets count."""
        if self.is_data:
            data: dict[str, str] = json.loads(body)["message"]["data"]
            return sum(len(key.encode()) + len(value.encode()) for key, value in data.items())
        return len(body) - self.free


def _voip(**changes: Any) -> Push:
    return apns_push(Service.VOIP, **changes)


def _remote(**changes: Any) -> Push:
    return apns_push(Service.REMOTE, **changes)


def _webpush(**changes: Any) -> Push:
    return webpush_push(ENDPOINT, **changes)


FORMS = {
    "apns voip": Form(push=_voip, build=lambda push: apns_payload(push).body, limit=5120),
    "apns remote": Form(push=_remote, build=lambda push: apns_payload(push).body, limit=4096),
    "fcm": Form(push=fcm_push, build=lambda push: fcm_payload(push, FCM_TOKEN, wall=NOW), limit=4096, is_data=True),
    "webpush": Form(push=_webpush, build=webpush_payload, limit=3993),
    "hms": Form(
        push=hms_push, build=lambda push: hms_payload(push, HMS_TOKEN, wall=NOW), limit=4096, free=len(HMS_TOKEN)
    ),
    "http": Form(
        push=http_push,
        build=lambda push: hook_payload(push, HTTP_TOKEN, id="0a" * 16),
        limit=4096,
        free=len(json.dumps(HTTP_TOKEN)),
    ),
}
