"""Claims about the whole lab, with clients that know nothing of it: pyreqwest for HTTP, PyJWT, http-ece, WebSocket."""

import asyncio
import hmac
import json
import stat
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import RequestError
from pyreqwest.response import Response
from tests.emulators.bench import START, Http2Client, ManualClock, client_context, run, until
from tests.emulators.phones import Phone, phone
from tests.emulators.senders import GRANT, SCOPE, SUBJECT, seal

from ringwake.emulators.credentials import CredentialsError
from ringwake.emulators.lab import Lab
from ringwake.emulators.switches import Switchboard

BUNDLE = "com.example.phone"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys are made once for all tests here, as in use."""
    return tmp_path_factory.mktemp("lab")


class Sender:
    """An application server: it has the lab's printed description and the files that this names, nothing else."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.at = described
        ca = Path(described["ca_file"]).read_bytes()
        builder = ClientBuilder().add_root_certificate_pem(ca).timeout(timedelta(seconds=10))
        self.any: Client = builder.build()
        ca_again = ClientBuilder().add_root_certificate_pem(ca).timeout(timedelta(seconds=10))
        self.h2: Client = ca_again.http2_prior_knowledge().build()
        self.account = json.loads(Path(described["fcm"]["service_account"]).read_text())
        self.vapid_key = Path(described["webpush"]["vapid_key_file"]).read_text()
        self.hms_secret = Path(described["hms"]["secret_file"]).read_text()
        self.hook_secret = Path(described["http"]["secret_file"]).read_text()
        self.control_secret = Path(described["inbox"]["control_secret_file"]).read_text()
        key = Path(described["apns"]["key_file"]).read_text()
        claims = {"iss": described["apns"]["team"], "iat": int(START)}
        self.provider_token = jwt.encode(claims, key, "ES256", headers={"kid": described["apns"]["key_id"]})

    async def apns(self, token: str, service: str = "voip", **headers: str) -> Response:
        topic = f"{BUNDLE}.voip" if service == "voip" else BUNDLE
        fields = {
            "authorization": f"bearer {self.provider_token}",
            "apns-topic": topic,
            "apns-push-type": "voip" if service == "voip" else "alert",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        request = self.h2.post(f"{self.at['apns']['url']}/3/device/{token}").headers(fields)
        return await request.body_json({"aps": {}, "ringwake": {"kind": "call"}}).build().send()

    async def bearer(self) -> str:
        account = self.account
        claims = {
            "iss": account["client_email"],
            "scope": SCOPE,
            "aud": account["token_uri"],
            "iat": int(START),
            "exp": int(START) + 3600,
        }
        signed = jwt.encode(claims, account["private_key"], "RS256", headers={"kid": account["private_key_id"]})
        form = urlencode({"grant_type": GRANT, "assertion": signed})
        request = self.any.post(account["token_uri"]).headers({"content-type": "application/x-www-form-urlencoded"})
        answer = await request.body_text(form).build().send()
        return str((await answer.json())["access_token"])

    async def fcm(self, bearer: str, token: str, **message: object) -> Response:
        url = f"{self.at['fcm']['url']}/v1/projects/{self.at['fcm']['project']}/messages:send"
        request = self.any.post(url).headers({"authorization": f"Bearer {bearer}"})
        return await request.body_json({"message": {"token": token} | message}).build().send()

    async def webpush(self, subscription: dict[str, Any], text: str, **headers: str) -> Response:
        origin = "/".join(subscription["endpoint"].split("/")[:3])
        claims = {"aud": origin, "exp": int(START) + 3600, "sub": SUBJECT}
        signed = jwt.encode(claims, self.vapid_key, "ES256")
        fields = {
            "authorization": f"vapid t={signed}, k={self.at['webpush']['vapid_public_key']}",
            "ttl": "60",
            "content-encoding": "aes128gcm",
        } | headers
        request = self.any.post(subscription["endpoint"]).headers(fields)
        return await request.body_bytes(seal(text.encode(), subscription["keys"])).build().send()

    async def close(self) -> None:
        await self.any.close()
        await self.h2.close()


class Bench:
    def __init__(self, lab: Lab, clock: ManualClock, sender: Sender, alice: Phone) -> None:
        self.lab = lab
        self.clock = clock
        self.sender = sender
        self.alice = alice

    async def apns_tokens(self) -> dict[str, str]:
        tokens: dict[str, str] = (await self.alice.ask({"op": "register", "provider": "apns", "app": BUNDLE}))["tokens"]
        return tokens


@asynccontextmanager
async def running(folder: Path, **options: Any) -> AsyncIterator[Bench]:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        lab = await stack.enter_async_context(Lab.open(folder, clock=clock, **options))
        described = json.loads(json.dumps(lab.describe()))
        sender = Sender(described)
        stack.push_async_callback(sender.close)
        context = client_context(Path(described["ca_file"]))
        alice = await stack.enter_async_context(phone(described["inbox"]["url"], context))
        await alice.attach()
        yield Bench(lab, clock, sender, alice)
        assert all(lab.counters(service).failures == 0 for service in ("apns", "fcm", "webpush"))


def test_a_call_through_apns(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            answer = await bench.sender.apns(tokens["voip"])
            assert answer.status == 200
            push = await bench.alice.push()
            assert (push["service"], push["id"]) == ("voip", answer.headers["apns-id"])
            assert push["payload"]["ringwake"] == {"kind": "call"}
            assert "date" in answer.headers

    run(story())


def test_a_call_through_fcm(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            token = (await bench.alice.ask({"op": "register", "provider": "fcm", "app": "demo-project"}))["token"]
            bearer = await bench.sender.bearer()
            answer = await bench.sender.fcm(bearer, token, data={"kind": "call"}, android={"priority": "HIGH"})
            assert answer.status == 200
            push = await bench.alice.push()
            assert (push["id"], push["payload"]) == ((await answer.json())["name"], {"kind": "call"})

    run(story())


def test_a_call_through_web_push(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            key = bench.sender.at["webpush"]["vapid_public_key"]
            request = {"op": "register", "provider": "webpush", "application_server_key": key}
            subscription = (await bench.alice.ask(request))["subscription"]
            answer = await bench.sender.webpush(subscription, "call ☎", topic="c", urgency="high")
            assert answer.status == 201
            push = await bench.alice.push()
            assert (push["payload"], push["topic"], push["urgency"]) == ("call ☎", "c", "high")
            assert answer.headers["location"].endswith(push["id"])

    run(story())


def test_a_call_through_push_kit(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            at, sender = bench.sender.at["hms"], bench.sender.any
            token = (await bench.alice.ask({"op": "register", "provider": "hms", "app": at["app"]}))["token"]
            secret = bench.sender.hms_secret
            form = {"grant_type": "client_credentials", "client_id": at["app"], "client_secret": secret}
            asked = sender.post(at["token_url"]).headers({"content-type": "application/x-www-form-urlencoded"})
            granted = await asked.body_text(urlencode(form)).build().send()
            bearer = (await granted.json())["access_token"]
            request = sender.post(f"{at['url']}/v2/{at['project']}/messages:send")
            message = {"data": "call ☎", "android": {"urgency": "HIGH"}, "token": [token]}
            request = request.headers({"authorization": f"Bearer {bearer}"}).body_json({"message": message})
            answer = await (await request.build().send()).json()
            assert answer["code"] == "80000000"
            push = await bench.alice.push()
            assert (push["id"], push["payload"], push["urgency"]) == (answer["requestId"], "call ☎", "HIGH")

    run(story())


def test_a_call_through_a_push_server(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            at = bench.sender.at["http"]
            token = (await bench.alice.ask({"op": "register", "provider": "http", "app": at["app"]}))["token"]
            content = {"v": 1, "id": "push-1", "token": token, "app": at["app"], "kind": "call", "expires": int(START)}
            body = json.dumps(content | {"ringwake": {"kind": "call"}}).encode()
            key = b64decode(bench.sender.hook_secret.removeprefix("whsec_"))
            digest = hmac.digest(key, f"push-1.{int(START)}.".encode() + body, "sha256")
            fields = {"webhook-id": "push-1", "webhook-timestamp": str(int(START))}
            fields["webhook-signature"] = f"v1,{b64encode(digest).decode()}"
            answer = await bench.sender.any.post(at["url"]).headers(fields).body_bytes(body).build().send()
            assert answer.status == 200
            push = await bench.alice.push()
            assert (push["id"], push["payload"]) == ((await answer.json())["id"], {"ringwake": {"kind": "call"}})

    run(story())


def test_the_folder_is_used_again_and_only_the_ports_are_new(folder: Path) -> None:
    async def story() -> dict[str, Any]:
        async with running(folder) as bench:
            return bench.sender.at

    first, second = run(story()), run(story())
    assert first["apns"]["key_id"] == second["apns"]["key_id"]
    assert json.loads((folder / "service-account.json").read_text())["token_uri"] == second["fcm"]["token_uri"]
    assert stat.S_IMODE((folder / "service-account.json").stat().st_mode) == 0o600


def test_ports_may_be_asked_for(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            described = bench.sender.at
        ports = {name: int(described[name]["url"].split(":")[2].strip("/")) for name in ("apns", "inbox")}
        async with running(folder, ports=ports) as bench:
            assert [bench.sender.at[name]["url"] for name in ports] == [described[name]["url"] for name in ports]
            with pytest.raises(OSError, match="address"):
                async with Lab.open(folder, clock=ManualClock(), ports=ports):
                    pass

    run(story())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_it_listens_on_loopback_only(folder: Path, host: str) -> None:
    async def story() -> None:
        with pytest.raises(ValueError, match=r"loopback|address"):
            async with Lab.open(folder, clock=ManualClock(), host=host):
                pass

    run(story())


def test_it_runs_on_ipv6(folder: Path) -> None:
    async def story() -> None:
        async with running(folder, host="::1") as bench:
            assert "[::1]" in bench.lab.apns_url
            tokens = await bench.apns_tokens()
            assert (await bench.sender.apns(tokens["voip"])).status == 200

    run(story())


def test_a_spoilt_folder_is_reported(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(CredentialsError):
            async with Lab.open(tmp_path, clock=ManualClock()):
                pass

    (tmp_path / "ids.json").write_text("{}")
    run(story())


def test_a_service_that_is_off_refuses_connections_until_it_is_on_again(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            assert (await bench.sender.apns(tokens["voip"])).status == 200
            await bench.lab.switches.set("apns", off=True)
            with pytest.raises(RequestError):
                await bench.sender.apns(tokens["voip"])
            await bench.lab.switches.set("apns", off=False)
            assert (await bench.sender.apns(tokens["voip"])).status == 200

    run(story())


def test_switches_may_be_on_from_the_start(folder: Path) -> None:
    async def story() -> None:
        async with running(folder, switches=Switchboard({"apns": {"answer": 410}, "fcm": {"off": True}})) as bench:
            tokens = await bench.apns_tokens()
            answer = await bench.sender.apns(tokens["voip"])
            assert (answer.status, await answer.json()) == (410, {"reason": "Unregistered", "timestamp": START * 1000})
            with pytest.raises(RequestError):
                await bench.sender.bearer()

    run(story())


def test_switches_are_turned_by_the_control_door(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            context = client_context(bench.lab.ca_file)
            async with phone(bench.lab.inbox_url, context) as tool, phone(bench.lab.inbox_url, context) as mallory:
                assert await tool.control(bench.sender.control_secret) == {"op": "controlling", "v": 1}
                assert (await mallory.control("wrong-secret"))["error"] == "wrong_secret"
                assert await mallory.closed() == 4003
                changes = {"answer": 503, "retry_after": "Wed, 21 Oct 2026 07:28:00 GMT", "times": 1}
                answer = await tool.ask({"op": "switch", "service": "apns", "set": changes})
                assert answer["switches"]["retry_after"] == "Wed, 21 Oct 2026 07:28:00 GMT"
                tokens = await bench.apns_tokens()
                refused = await bench.sender.apns(tokens["voip"])
                assert (refused.status, refused.headers["retry-after"]) == (503, "Wed, 21 Oct 2026 07:28:00 GMT")
                assert (await bench.sender.apns(tokens["voip"])).status == 200
                entries = (await tool.ask({"op": "journal", "after": 0}))["entries"]
                assert [entry["event"] for entry in entries if entry["service"] == "apns"] == [
                    "refused",
                    "accepted",
                    "delivered",
                ]

    run(story())


def test_the_token_endpoint_has_switches_of_its_own(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            token = (await bench.alice.ask({"op": "register", "provider": "fcm", "app": "demo-project"}))["token"]
            bearer = await bench.sender.bearer()
            await bench.lab.switches.set("oauth", answer=503)
            with pytest.raises(KeyError):
                await bench.sender.bearer()
            assert (await bench.sender.fcm(bearer, token)).status == 200

    run(story())


def test_a_delayed_push_arrives_when_its_time_has_come(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            await bench.lab.switches.set("apns", delay=5)
            assert (await bench.sender.apns(tokens["voip"])).status == 200
            bench.clock.advance(4.9)
            await bench.lab.switches.set("apns", delay=0)
            second = await bench.sender.apns(tokens["voip"])
            assert (await bench.alice.push())["id"] == second.headers["apns-id"]
            bench.clock.advance(0.1)
            assert (await bench.alice.push())["seq"] == 2

    run(story())


def test_a_goaway_says_why_in_its_debug_data(folder: Path) -> None:
    async def story() -> None:
        async with running(folder, switches=Switchboard({"apns": {"goaway": 1, "reason": "Shutdown"}})) as bench:
            port = int(bench.lab.apns_url.split(":")[2])
            client = await Http2Client.connect(port, client_context(bench.lab.ca_file, "h2"))
            client.send("/", {})
            await client.until(lambda: client.goaway is not None)
            assert client.goaway is not None
            assert client.goaway.additional_data == b'{"reason":"Shutdown"}'
            await client.close()

    run(story())


def test_a_hanging_request_leaves_its_neighbours_unharmed(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            path, context = f"/3/device/{tokens['voip']}", client_context(bench.lab.ca_file, "h2")
            headers = {
                "authorization": f"bearer {bench.sender.provider_token}",
                "apns-topic": f"{BUNDLE}.voip",
                "apns-push-type": "voip",
            }
            client = await Http2Client.connect(int(bench.lab.apns_url.split(":")[2]), context)
            assert await client.ask(path, headers, b'{"aps":{}}') == 200
            await client.until(lambda: client.limits == [1, 1000])
            await bench.lab.switches.set("apns", hang=True, times=20)
            hanging = [client.send(path, headers, b'{"aps":{}}') for _ in range(20)]
            normal = [client.send(path, headers, b'{"aps":{}}') for _ in range(100)]
            assert await client.answers(*normal) == [200] * 100
            assert not client.ended.intersection(hanging)
            assert bench.lab.open_requests("apns") == 20
            for number in hanging:
                client.h2.reset_stream(number)
            client.flush()
            await until(lambda: bench.lab.counters("apns").resets == 20)
            assert await client.ask(path, headers, b'{"aps":{}}') == 200
            await client.close()

    run(story())


def test_goaway_every_few_requests_loses_and_doubles_nothing(folder: Path) -> None:
    async def story() -> None:
        async with running(folder, switches=Switchboard({"apns": {"goaway": 40}})) as bench:
            token = (await bench.apns_tokens())["voip"]
            ids = [f"00000000-0000-4000-8000-{number:012x}" for number in range(200)]
            waiting = list(ids)

            async def send_some() -> None:
                while waiting:
                    assert (await bench.sender.apns(token, apns_id=waiting.pop())).status == 200

            await asyncio.gather(*(send_some() for _ in range(10)))
            assert sorted([(await bench.alice.push())["id"] for _ in ids]) == ids
            assert bench.lab.counters("apns").goaways >= 4

    run(story())


def test_a_new_provider_token_too_soon_is_too_many_and_the_interval_is_a_switch(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            assert (await bench.sender.apns(tokens["voip"])).status == 200
            again = Sender(bench.sender.at)
            answer = await again.apns(tokens["voip"])
            assert (answer.status, await answer.json()) == (429, {"reason": "TooManyProviderTokenUpdates"})
            await again.close()
            await bench.lab.switches.set("apns", token_interval=0)
            third = Sender(bench.sender.at)
            assert (await third.apns(tokens["voip"])).status == 200
            await third.close()

    run(story())


def test_it_ends_while_pushes_are_held_back_and_requests_hang(folder: Path) -> None:
    async def story() -> None:
        async with running(folder) as bench:
            tokens = await bench.apns_tokens()
            await bench.lab.switches.set("apns", delay=100)
            assert (await bench.sender.apns(tokens["voip"])).status == 200
            await bench.lab.switches.set("apns", hang=True)
            hanging = asyncio.ensure_future(bench.sender.apns(tokens["voip"]))
            await until(lambda: bench.lab.journal.entries[-1].detail == "hang")
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)

    run(story())
