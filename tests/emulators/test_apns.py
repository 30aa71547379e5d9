"""Claims about the APNs emulator: whom a push reaches, what is answered, what is kept."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.emulators.bench import START, Http2Client, ManualClock, run
from tests.emulators.conftest import Tls
from tests.emulators.offices import BUNDLE, TEAM, FakePhone, make_office, post
from tests.emulators.senders import APNS_KEY, KEY_ID, apns_body, apns_headers

from ringwake.emulators.apns import MOST_STORED_SECONDS, TERMS, Apns, fault
from ringwake.emulators.exchange import Peer, Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING
from ringwake.emulators.provider_token import ProviderKey, ProviderTokens
from ringwake.emulators.server import Listener

UUID = "5f8e1f4c-0000-4000-8000-0123456789ab"
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        key = ProviderKey(key_id=KEY_ID, team=TEAM, key=APNS_KEY.public_key())
        self.tokens = ProviderTokens([key], self.clock)
        self.apns = Apns(self.office, self.tokens)
        self.device, _ = self.office.directory.device("iphone", "secret")
        self.entry = self.office.directory.register(self.device, "apns", BUNDLE)
        self.phone = FakePhone()
        self.peer = Peer(1)

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    def send(self, service: str = "voip", body: bytes | None = None, *, to: str = "", **changes: str) -> Response:
        token = to or self.entry.tokens[service]
        content = apns_body() if body is None else body
        return self.apns(post(f"/3/device/{token}", apns_headers(service, **changes), content, self.peer))

    def reason(self, service: str = "voip", body: bytes | None = None, *, to: str = "", **changes: str) -> str:
        answer = self.send(service, body, to=to, **changes)
        return json.loads(answer.body)["reason"] if answer.body else ""


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_voip_push_reaches_the_app_and_shows_nothing(bench: Bench) -> None:
    bench.attach()
    answer = bench.send(body=apns_body(alert="Boss calling"), apns_id=UUID, apns_priority="10")
    assert (answer.status, answer.body, dict(answer.headers)["apns-id"]) == (200, b"", UUID)
    assert bench.phone.messages == [
        {
            "op": "push",
            "seq": 1,
            "again": False,
            "provider": "apns",
            "service": "voip",
            "app": BUNDLE,
            "id": UUID,
            "payload": {"aps": {"alert": "Boss calling"}, "ringwake": {"kind": "call"}},
            "display": None,
            "push_type": "voip",
            "priority": 10,
            "collapse_id": "",
        }
    ]


def test_an_alert_is_shown_by_the_system(bench: Bench) -> None:
    bench.attach()
    body = apns_body(alert={"title": "Missed", "body": "Boss"}, sound="ring.wav", badge=2, category="CALL")
    assert bench.send("remote", body, apns_collapse_id="c").status == 200
    (message,) = bench.phone.messages
    assert message["service"] == "remote"
    assert message["collapse_id"] == "c"
    assert message["display"] == {
        "title": "Missed",
        "body": "Boss",
        "sound": "ring.wav",
        "badge": 2,
        "category": "CALL",
    }


@pytest.mark.parametrize(
    ("status", "expected", "changes"),
    [
        (403, "InvalidProviderToken", {"authorization": "bearer x"}),
        (400, "BadMessageId", {"apns_id": "x"}),
        (400, "BadTopic", {"apns_topic": "a b"}),
        (400, "MissingTopic", {"apns_topic": ""}),
        (400, "DeviceTokenNotForTopic", {"apns_topic": "com.example.other.voip"}),
        (400, "DeviceTokenNotForTopic", {"apns_topic": BUNDLE, "apns_push_type": "alert"}),
        (400, "DeviceTokenNotForTopic", {"apns_topic": f"{BUNDLE}.voip-ptt", "apns_push_type": "pushtotalk"}),
        (400, "BadDeviceToken", {"to": "ab" * 32}),
        (400, "BadDeviceToken", {"to": "xy"}),
    ],
)
def test_a_refusal_has_its_status_and_reason_and_reaches_nobody(
    bench: Bench, status: int, expected: str, changes: dict[str, str]
) -> None:
    bench.attach()
    answer = bench.send(**changes)  # type: ignore[arg-type]  # `to` and headers alike
    assert (answer.status, json.loads(answer.body)) == (status, {"reason": expected})
    assert bench.phone.messages == []
    entry = bench.office.journal.entries[-1]
    assert (entry.event, entry.reason, entry.status) == ("refused", expected, status)


def test_an_alert_to_the_voip_token_is_refused(bench: Bench) -> None:
    assert bench.reason("remote", to=bench.entry.tokens["voip"]) == "DeviceTokenNotForTopic"


def test_the_app_of_another_team_is_not_allowed(bench: Bench) -> None:
    bench.tokens.trust(ProviderKey(key_id="OTHER", team="OTHERTEAM", key=OTHER_KEY.public_key()))
    token = jwt.encode({"iss": "OTHERTEAM", "iat": int(START)}, OTHER_KEY, "ES256", headers={"kid": "OTHER"})
    assert bench.reason(authorization=f"bearer {token}") == "TopicDisallowed"


@pytest.mark.parametrize(("change", "expected"), [("unregister", "Unregistered"), ("rotate", "ExpiredToken")])
def test_a_token_given_up_is_410_with_the_time_in_milliseconds(bench: Bench, change: str, expected: str) -> None:
    bench.clock.advance(7.5)
    getattr(bench.office.directory, change)(bench.device, "apns", BUNDLE)
    bench.clock.advance(100)
    answer = bench.send()
    assert answer.status == 410
    assert json.loads(answer.body) == {"reason": expected, "timestamp": int((START + 7.5) * 1000)}


def test_too_many_waiting_pushes_are_refused(bench: Bench) -> None:
    bench.attach()
    for _ in range(MOST_WAITING):
        assert bench.send().status == 200
    answer = bench.send()
    assert (answer.status, json.loads(answer.body)) == (429, {"reason": "TooManyRequests"})
    bench.device.acknowledge(1)
    assert bench.send().status == 200


def test_expiration_zero_is_one_try(bench: Bench) -> None:
    assert bench.send(apns_expiration="0").status == 200
    assert bench.send().status == 200
    bench.attach()
    assert bench.phone.messages == []


def test_only_the_latest_of_an_app_is_kept_until_it_expires(bench: Bench) -> None:
    later = str(int(START) + 100)
    first, second = (bench.send("remote", apns_expiration=later) for _ in range(2))
    assert (first.status, second.status) == (200, 200)
    bench.clock.advance(99)
    bench.attach()
    assert bench.phone.ids == [dict(second.headers)["apns-id"]]


def test_what_has_expired_is_not_delivered(bench: Bench) -> None:
    bench.send("remote", apns_expiration=str(int(START) + 100))
    bench.clock.advance(100)
    bench.attach()
    assert bench.phone.messages == []


def test_nothing_is_kept_longer_than_thirty_days(bench: Bench) -> None:
    bench.send("remote", apns_expiration=str(int(START) + 10 * MOST_STORED_SECONDS))
    bench.clock.advance(MOST_STORED_SECONDS)
    bench.attach()
    assert bench.phone.messages == []


def test_the_journal_never_shows_a_token(bench: Bench) -> None:
    bench.attach()
    bench.send(apns_id=UUID)
    bench.send(to="ab" * 32)
    bench.send(apns_topic="a b")
    shown = repr(bench.office.journal.entries)
    assert bench.entry.tokens["voip"] not in shown
    assert "ab" * 32 not in shown
    accepted = bench.office.journal.entries[0]
    assert (accepted.token, accepted.id, accepted.kind) == (hash8(bench.entry.tokens["voip"]), UUID, "voip")


@pytest.mark.parametrize(
    ("status", "reason", "body"),
    [
        (410, "", {"reason": "Unregistered", "timestamp": int(START * 1000)}),
        (429, "", {"reason": "TooManyRequests"}),
        (503, "", {"reason": "ServiceUnavailable"}),
        (503, "Shutdown", {"reason": "Shutdown"}),
        (500, "", {"reason": "InternalServerError"}),
        (403, "BadCertificate", {"reason": "BadCertificate"}),
        (418, "", {"reason": "InternalServerError"}),
    ],
)
def test_a_switched_answer_looks_like_apples(status: int, reason: str, body: dict[str, object]) -> None:
    answer = fault(post("/3/device/ab", {"apns-id": UUID}, b""), status, reason, START)
    assert (answer.status, json.loads(answer.body), dict(answer.headers)["apns-id"]) == (status, body, UUID)
    assert fault(post("/", {}, b""), 200, "", START).body == b""


def test_over_the_wire_one_stream_becomes_a_thousand_with_the_first_good_token(bench: Bench, tls: Tls) -> None:
    async def story() -> None:
        listener = Listener(bench.apns, tls=tls.server("h2"), clock=bench.clock, terms=TERMS)
        await listener.open("127.0.0.1")
        client = await Http2Client.connect(listener.port, tls.client("h2"))
        path = f"/3/device/{bench.entry.tokens['voip']}"
        number = client.send(path, apns_headers(authorization="bearer x"), apns_body())
        assert await client.answers(number) == [403]
        assert client.headers[number]["content-type"] == "application/json"
        assert client.limits == [1]
        assert await client.ask("/3/device/abcd", apns_headers(), apns_body()) == 400
        await client.until(lambda: client.limits == [1, 1000])
        assert await client.answers(*(client.send(path, apns_headers(), apns_body()) for _ in range(50))) == [200] * 50
        await client.close()
        await listener.close()

    run(story())
