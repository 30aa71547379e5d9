"""Clients that others wrote for the real services, against our emulators: what they send arrives, they read answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.interop.outside import Lodge, ask, by, lodge, needs_peers, text_of, wall
from tests.push.loop import run

pytestmark = needs_peers
BUNDLE = "com.example.phone"
CALL = {"aps": {}, "ringwake": {"kind": "call"}}
NOBODYS = "ab" * 32
LIMIT = 55.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


async def _tokens(here: Lodge, op: str = "register", app: str = BUNDLE) -> dict[str, str]:
    tokens: dict[str, str] = (await here.phone.ask(op, provider="apns", app=app))["tokens"]
    return tokens


async def _node_apn(here: Lodge, *pushes: dict[str, Any], key: str = "") -> list[dict[str, Any]]:
    lab, ids = here.lab, here.lab.credentials.ids
    key = key or lab.credentials.apns_key_file.read_text()
    told = {"endpoint": lab.apns_url, "ca": str(lab.ca_file), "key": key, "keyId": ids.key_id, "team": ids.team}
    return await ask("node_apn.js", told | {"pushes": pushes}, ca_file=lab.ca_file)


def test_node_apn_reaches_the_phone_with_each_push_type(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            tokens = await _tokens(here)
            alert = {"aps": {"alert": {"title": "Missed", "body": "Boss"}, "sound": "default"}}
            answers = await _node_apn(
                here,
                {"token": tokens["voip"], "topic": f"{BUNDLE}.voip", "pushType": "voip", "rawPayload": CALL},
                {
                    "token": tokens["remote"],
                    "topic": BUNDLE,
                    "pushType": "alert",
                    "rawPayload": alert,
                    "collapseId": "c",
                },
                {
                    "token": tokens["remote"],
                    "topic": BUNDLE,
                    "pushType": "background",
                    "priority": 5,
                    "rawPayload": {"aps": {"content-available": 1}, "n": 1},
                },
            )
            assert answers == [{"status": 200}] * 3
            got = await here.received(3)
            assert by(got, "push_type", "service", "priority", "collapse_id") == [
                ("alert", "remote", 10, "c"),
                ("background", "remote", 5, ""),
                ("voip", "voip", 10, ""),
            ]
            by_type = {push["push_type"]: push for push in got}
            assert by_type["voip"]["payload"] == CALL
            assert by_type["alert"]["display"] == {"title": "Missed", "body": "Boss", "sound": "default"}

    run(scenario(), LIMIT)


def test_node_apn_reads_why_a_push_is_refused(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            await _tokens(here)
            began = wall()
            old = await _tokens(here)
            new = await _tokens(here, "rotate")
            voip = {"topic": f"{BUNDLE}.voip", "pushType": "voip", "rawPayload": CALL}
            dead, nobodys, remote, elsewhere = await _node_apn(
                here,
                {"token": old["voip"]} | voip,
                {"token": NOBODYS} | voip,
                {"token": new["remote"]} | voip,
                {"token": new["voip"]} | voip | {"topic": "com.example.other.voip"},
            )
            assert (dead["status"], dead["reason"]) == (410, "ExpiredToken")
            assert int(began * 1000) <= dead["timestamp"] <= int(wall() * 1000)
            assert nobodys == {"status": 400, "reason": "BadDeviceToken"}
            assert remote == {"status": 400, "reason": "DeviceTokenNotForTopic"}
            assert elsewhere == {"status": 400, "reason": "DeviceTokenNotForTopic"}
            await here.received(0)

    run(scenario(), LIMIT)


def test_node_apn_with_a_key_that_apple_does_not_know_is_refused(folder: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here, lodge(tmp_path) as other:
            tokens = await _tokens(here)
            push = {"token": tokens["voip"], "topic": f"{BUNDLE}.voip", "pushType": "voip", "rawPayload": CALL}
            (answer,) = await _node_apn(here, push, key=other.lab.credentials.apns_key_file.read_text())
            assert answer == {"status": 403, "reason": "InvalidProviderToken"}
            await here.received(0)

    run(scenario(), LIMIT)


def test_aioapns_multiplexes_and_reads_reasons(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            lab, ids = here.lab, here.lab.credentials.ids
            tokens = await _tokens(here)
            voip = {"push_type": "voip", "priority": 10, "time_to_live": 20}
            pushes = [voip | {"device_token": tokens["voip"], "message": CALL | {"n": n}} for n in range(50)]
            wrong = voip | {"device_token": tokens["voip"], "message": CALL, "apns_topic": BUNDLE}
            work = {
                "endpoint": lab.apns_url,
                "ca": str(lab.ca_file),
                "key": lab.credentials.apns_key_file.read_text(),
                "key_id": ids.key_id,
                "team": ids.team,
                "topic": f"{BUNDLE}.voip",
                "pushes": [*pushes, voip | {"device_token": NOBODYS, "message": CALL}, wrong],
            }
            *good, nobodys, mismatched = await ask("aioapns_client.py", work, ca_file=lab.ca_file)
            assert good == [{"status": 200, "reason": None}] * 50
            assert nobodys == {"status": 400, "reason": "BadDeviceToken"}
            assert mismatched == {"status": 400, "reason": "InvalidPushType"}
            assert sorted(push["payload"]["n"] for push in await here.received(50)) == list(range(50))
            assert lab.counters("apns").connections == 1

    run(scenario(), LIMIT)


class Browser:
    """A page's subscription at the emulator, and the keys of its application server."""

    def __init__(self, here: Lodge) -> None:
        key = load_pem_private_key(here.lab.credentials.vapid_key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.public, self.private = text_of(key)
        self.origin = here.lab.webpush_url
        self._here = here

    async def subscribe(self, op: str = "register") -> dict[str, Any]:
        answer = await self._here.phone.ask(op, provider="webpush", application_server_key=self.public)
        subscription: dict[str, Any] = answer["subscription"]
        return subscription

    def web_push(self, subscription: dict[str, Any], payload: str, **options: Any) -> dict[str, Any]:
        """Return a push in the words of web-push."""
        keys = options.pop("keys", (self.public, self.private))
        details = {"subject": "mailto:ops@example.com", "publicKey": keys[0], "privateKey": keys[1]}
        return {"subscription": subscription, "payload": payload, "options": {"vapidDetails": details} | options}

    def pywebpush(self, subscription: dict[str, Any], payload: str, **options: Any) -> dict[str, Any]:
        """Return a push in the words of pywebpush."""
        private = options.pop("keys", (self.public, self.private))[1]
        ttl, headers = options.pop("TTL", 0), {name: str(value) for name, value in options.items()}
        claims = {"sub": "mailto:ops@example.com", "aud": self.origin}
        told = {"vapid_private_key": private, "vapid_claims": claims, "ttl": ttl, "headers": headers}
        return {"subscription_info": subscription, "data": payload} | told


@pytest.mark.parametrize("client", ["web_push.js", "pywebpush_client.py"])
def test_a_page_reads_what_the_client_has_encrypted_for_it(folder: Path, client: str) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            browser = Browser(here)
            write = browser.web_push if client.endswith(".js") else browser.pywebpush
            subscription = await browser.subscribe()
            call = json.dumps({"kind": "call", "from_name": "Бос ☎"})
            pushes = [
                write(subscription, call, TTL=20, urgency="high", topic="call-1"),
                write(subscription, "x" * 3900, TTL=0),
            ]
            answers = await ask(client, {"pushes": pushes}, ca_file=here.lab.ca_file)
            assert [answer["status"] for answer in answers] == [201, 201]
            assert by(await here.received(2), "urgency", "topic", "payload") == [
                ("high", "call-1", call),
                ("normal", "", "x" * 3900),
            ]

    run(scenario(), LIMIT)


@pytest.mark.parametrize("client", ["web_push.js", "pywebpush_client.py"])
def test_the_client_reads_why_a_page_cannot_be_reached(folder: Path, client: str) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            browser = Browser(here)
            write = browser.web_push if client.endswith(".js") else browser.pywebpush
            old = await browser.subscribe()
            new = await browser.subscribe("rotate")
            strangers = text_of(ec.generate_private_key(ec.SECP256R1()))
            pushes = [write(old, "a", TTL=1), write(new, "b", TTL=1, keys=strangers)]
            gone, foreign = await ask(client, {"pushes": pushes}, ca_file=here.lab.ca_file)
            assert (gone["status"], json.loads(gone["body"])["reason"]) == (410, "Gone")
            assert (foreign["status"], json.loads(foreign["body"])["reason"]) == (403, "VapidKeyMismatch")
            await here.received(0)

    run(scenario(), LIMIT)


async def _firebase(here: Lodge, *pushes: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    account = str(here.lab.credentials.service_account_file)
    work = {"endpoint": here.lab.fcm_url, "service_account": account, "pushes": pushes} | changes
    return await ask("firebase_client.py", work, ca_file=here.lab.ca_file)


async def _fcm_token(here: Lodge, app: str, op: str = "register") -> str:
    return str((await here.phone.ask(op, provider="fcm", app=app))["token"])


@pytest.mark.parametrize("is_asynchronous", [False, True], ids=["requests", "httpx"])
def test_firebase_admin_reaches_the_app(folder: Path, *, is_asynchronous: bool) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            token = await _fcm_token(here, here.lab.credentials.ids.project)
            call = {"token": token, "data": {"kind": "call", "who": "Boss"}, "priority": "high", "ttl": 20}
            shown = {"token": token, "data": {"n": "2"}, "priority": "normal", "collapse_key": "k"}
            answers = await _firebase(here, call, shown, is_asynchronous=is_asynchronous)
            got = await here.received(2)
            assert sorted(answer["id"] for answer in answers) == sorted(push["id"] for push in got)
            assert by(got, "priority", "payload", "collapse_key") == [
                ("HIGH", {"kind": "call", "who": "Boss"}, ""),
                ("NORMAL", {"n": "2"}, "k"),
            ]

    run(scenario(), LIMIT)


def test_a_dry_run_of_firebase_admin_is_checked_and_not_delivered(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            project = here.lab.credentials.ids.project
            old, new = await _fcm_token(here, project), await _fcm_token(here, project, "rotate")
            good, dead = await _firebase(here, {"token": new}, {"token": old}, dry_run=True)
            assert good["id"].startswith(f"projects/{project}/messages/")
            assert dead == {"error": "UnregisteredError", "code": "NOT_FOUND"}
            await here.received(0)

    run(scenario(), LIMIT)


def test_firebase_admin_reads_why_an_app_cannot_be_reached(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            project = here.lab.credentials.ids.project
            old, _ = await _fcm_token(here, project), await _fcm_token(here, project, "rotate")
            foreign = await _fcm_token(here, "another-project")
            dead, mismatched, malformed = await _firebase(here, {"token": old}, {"token": foreign}, {"token": "short"})
            assert dead == {"error": "UnregisteredError", "code": "NOT_FOUND"}
            assert mismatched == {"error": "SenderIdMismatchError", "code": "PERMISSION_DENIED"}
            assert malformed == {"error": "InvalidArgumentError", "code": "INVALID_ARGUMENT"}
            await here.received(0)

    run(scenario(), LIMIT)


def test_firebase_admin_hears_of_a_device_that_is_over_its_quota(folder: Path) -> None:
    async def scenario() -> None:
        async with lodge(folder) as here:
            token = await _fcm_token(here, here.lab.credentials.ids.project)
            await here.lab.switches.set("fcm", quota=2 / 240)
            pushes = [{"token": token, "data": {"n": str(number)}} for number in range(3)]
            answers = await _firebase(here, *pushes, is_asynchronous=True)
            assert sorted(answer.get("error", "") for answer in answers) == ["", "", "QuotaExceededError"]
            assert len(await here.received(2)) == 2
            assert here.refusals("fcm") == ["QUOTA_EXCEEDED"]

    run(scenario(), LIMIT)
