"""A real browser, Chromium, subscribes with our key, reads what we have encrypted for it, and ends its subscription."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.interop.chromium import chromium, needs_chromium
from tests.interop.google_push import GooglePush
from tests.interop.outside import text_of, wall
from tests.push.loop import run
from tests.push.samples import WEBPUSH_APP, key_pem, webpush_push
from tests.support.authority import Authority

from ringwake.model.push import Accepted, SubscriptionKeys, Unregistered
from ringwake.push.access import WebPushAccess
from ringwake.push.workshop import Workshop
from ringwake.secret import Secret

LIMIT = 110.0
pytestmark = needs_chromium


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.timeout(120)
def test_chromium_reads_our_pushes_until_it_unsubscribes(tmp_path: Path) -> None:
    pem, authority = key_pem(), Authority(tmp_path)
    key = load_pem_private_key(pem.reveal(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    access = WebPushAccess(
        vapid_key=pem,
        subject="mailto:ops@example.com",
        services=("*",),
        allow_private=True,
        ca_file=authority.file,
    )

    async def scenario() -> None:
        async with GooglePush.open(authority) as google, chromium(tmp_path / "profile", *google.switches) as page:
            await page.visit(google.site)
            subscription = json.loads(await page.run(f"subscribe({json.dumps(text_of(key)[0])})"))
            endpoint = google.push_origin + urlsplit(subscription["endpoint"]).path
            given = subscription["keys"]
            keys = SubscriptionKeys(p256dh=_octets(given["p256dh"]), auth=Secret(_octets(given["auth"])))
            sender = Workshop(wall=wall).sender(WEBPUSH_APP, access)
            try:
                short, long = (
                    webpush_push(endpoint, keys=keys, expires_at=wall() + 60, timeout=20.0, from_name=name)
                    for name in ("Boss", "Бос ☎ " * 20)
                )
                for push in (short, long):
                    assert isinstance(await sender.send(push), Accepted)
                    told = json.loads(await page.run("nextPush()"))["ringwake"]
                    assert (told["id"], told["from"]["name"]) == (push.notice.id, push.notice.from_name)
                assert await page.run("unsubscribe()")
                await google.ended.wait()
                assert isinstance(await sender.send(short), Unregistered)
            finally:
                await sender.close()

    run(scenario(), LIMIT)
