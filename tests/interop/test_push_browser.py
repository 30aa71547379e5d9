"""A real browser, Chromium: it reads what we have encrypted for it, and our example of a service worker runs in it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.interop.chromium import Page, chromium, needs_chromium
from tests.interop.google_push import GooglePush
from tests.interop.outside import text_of, wall
from tests.push.loop import run
from tests.push.samples import WEBPUSH_APP, key_pem, webpush_push
from tests.support.authority import Authority

from ringwake.model.ports import Pusher
from ringwake.model.push import Accepted, Alert, Kind, Push, SubscriptionKeys, Unregistered
from ringwake.model.settings import AlertStyle
from ringwake.push.access import WebPushAccess
from ringwake.push.workshop import Workshop
from ringwake.secret import Secret

LIMIT = 110.0
EXAMPLE = Path(__file__).parents[2] / "examples" / "web" / "service-worker.js"
_READER = b"""
addEventListener('push', (event) => event.waitUntil((async () => {
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage(event.data.text());
})()));
"""
# Nobody can click on a notification of a browser without a screen: the page asks its worker to act as if.
_CLICK = b"""
addEventListener('message', (event) => event.waitUntil((async () => {
  const [notification] = await registration.getNotifications({ tag: event.data.tag });
  const waits = [];
  const clicked = new NotificationEvent('notificationclick', { notification, action: event.data.click });
  clicked.waitUntil = (work) => waits.push(work);
  dispatchEvent(clicked);
  await Promise.all(waits);
  event.source.postMessage({ clicked: event.data.click });
})()));
"""
pytestmark = needs_chromium


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium with a subscription, and what pushes to it."""

    page: Page
    google: GooglePush
    sender: Pusher
    endpoint: str
    keys: SubscriptionKeys

    def push(self, **changes: Any) -> Push:
        """Make a push to it."""
        return webpush_push(self.endpoint, keys=self.keys, expires_at=wall() + 60, timeout=20.0, **changes)

    async def pushed(self, kind: Kind, seq: int, alert: Alert | None) -> None:
        """Push about the one call."""
        urls = (("decline_all", f"{self.google.site}/act/603"),) if kind is Kind.CALL else ()
        made = self.push()
        about = replace(made.notice, kind=kind, id=f"{kind}{seq}", seq=seq, uuid="u", call_id="c", alert=alert)
        assert isinstance(await self.sender.send(replace(made, notice=replace(about, actions=urls))), Accepted)

    async def showing(self, text: str) -> Any:
        """Wait until this text is on show, or nothing is; return all that is."""
        return json.loads(await self.page.run(f"showing({json.dumps(text)})"))


@asynccontextmanager
async def subscribed(folder: Path, worker: bytes) -> AsyncIterator[Browser]:
    """Run a browser that has subscribed, with this service worker."""
    pem, authority = key_pem(), Authority(folder)
    key = load_pem_private_key(pem.reveal(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    access = WebPushAccess(
        vapid_key=pem,
        subject="mailto:ops@example.com",
        services=("*",),
        allow_private=True,
        ca_file=authority.file,
    )
    async with (
        GooglePush.open(authority, worker=worker) as google,
        chromium(folder / "profile", *google.switches) as page,
    ):
        await page.visit(google.site)
        subscription = json.loads(await page.run(f"subscribe({json.dumps(text_of(key)[0])})"))
        given = subscription["keys"]
        keys = SubscriptionKeys(p256dh=_octets(given["p256dh"]), auth=Secret(_octets(given["auth"])))
        sender = Workshop(wall=wall).sender(WEBPUSH_APP, access)
        try:
            yield Browser(page, google, sender, google.push_origin + urlsplit(subscription["endpoint"]).path, keys)
        finally:
            await sender.close()


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.timeout(120)
def test_chromium_reads_our_pushes_until_it_unsubscribes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with subscribed(tmp_path, _READER) as browser:
            short, long = browser.push(from_name="Boss"), browser.push(from_name="Бос ☎ " * 20)
            for push in (short, long):
                assert isinstance(await browser.sender.send(push), Accepted)
                told = json.loads(await browser.page.run("nextPush()"))["ringwake"]
                assert (told["id"], told["from"]["name"]) == (push.notice.id, push.notice.from_name)
            assert await browser.page.run("unsubscribe()")
            await browser.google.ended.wait()
            assert isinstance(await browser.sender.send(short), Unregistered)

    run(scenario(), LIMIT)


@pytest.mark.timeout(120)
def test_our_service_worker_shows_replaces_closes_and_declines(tmp_path: Path) -> None:
    calling = Alert(title="alice", body="Boss calling", sound="ring", badge=1)
    missed = Alert(title="alice", body="Missed call", style=AlertStyle.BANNER, badge=2)
    call = {
        "title": "alice",
        "body": "Boss calling",
        "tag": "u",
        "silent": False,
        "requireInteraction": True,
        "actions": ["answer", "decline"],
    }
    quiet = {**call, "body": "Missed call", "silent": True, "requireInteraction": False, "actions": []}

    async def scenario() -> None:
        async with subscribed(tmp_path, EXAMPLE.read_bytes() + _CLICK) as browser:
            await browser.pushed(Kind.CALL, 1, calling)
            assert await browser.showing("Boss calling") == [call]
            await browser.pushed(Kind.MISSED, 2, missed)
            assert await browser.showing("Missed call") == [quiet], "in the place of the call"
            await browser.pushed(Kind.CALL, 1, calling)
            await browser.pushed(Kind.MESSAGE, 0, replace(missed, body="Lunch?"))
            assert quiet in await browser.showing("Lunch?"), "a call that was overtaken shows nothing"
            await browser.pushed(Kind.CALL, 3, replace(calling, body="Boss again"))
            assert "Boss again" in [one["body"] for one in await browser.showing("Boss again")]
            await browser.pushed(Kind.ELSEWHERE, 4, None)
            while any(one["tag"] == "u" for one in await browser.showing("Lunch?")):
                pass
            await browser.pushed(Kind.CALL, 5, calling)
            assert "Boss calling" in [one["body"] for one in await browser.showing("Boss calling")]
            await browser.page.run("click('decline', 'u')")
            assert browser.google.clicks == ["/act/603"]
            assert [one["body"] for one in await browser.showing("Lunch?")] == ["Lunch?"]

    run(scenario(), LIMIT)
