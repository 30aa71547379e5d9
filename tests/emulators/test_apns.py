"""Claims about the APNs emulator: whom a push reaches, what is answered, what is kept."""

import json

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.emulators.bench import START, Http2Client, ManualClock, run
from tests.emulators.conftest import Tls
from tests.emulators.offices import BUNDLE, TEAM, FakePhone, make_office, post
from tests.emulators.senders import APNS_KEY, KEY_ID, apns_body, apns_headers

from ringwake.emulators.apns import MOST_STORED_SECONDS, TERMS, Apns, fault
from ringwake.emulators.background import BackgroundBudget
from ringwake.emulators.certificates import make_certificates
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
        self.budget = BackgroundBudget(self.clock)
        self.apns = Apns(self.office, self.tokens, self.budget)
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


class Sandbox(Bench):
    """The same, with a phone that runs the app from Xcode."""

    def __init__(self) -> None:
        super().__init__()
        self.apns = Apns(self.office, self.tokens, self.budget, environment="sandbox")
        self.device, _ = self.office.directory.device("developers-iphone", "secret")
        self.entry = self.office.directory.register(self.device, "apns", BUNDLE, environment="sandbox")


def test_the_sandbox_reaches_its_own_phones_and_names_its_pushes() -> None:
    bench = Sandbox()
    bench.attach()
    first, second = dict(bench.send().headers), dict(bench.send().headers)
    assert len(bench.phone.messages) == 2
    assert first["apns-unique-id"] != second["apns-unique-id"]
    assert bench.office.journal.entries[0].service == "apns-sandbox"


def test_production_names_no_push_again(bench: Bench) -> None:
    assert "apns-unique-id" not in dict(bench.send().headers)


def test_a_token_of_one_environment_is_none_in_the_other(bench: Bench) -> None:
    sandbox = Sandbox()
    other = bench.office.directory.register(
        bench.office.directory.device("ipad", "secret")[0], "apns", BUNDLE, environment="sandbox"
    )
    assert bench.reason(to=other.tokens["voip"]) == "BadDeviceToken"
    at_home = sandbox.office.directory.register(sandbox.office.directory.device("ipad", "s")[0], "apns", BUNDLE)
    assert sandbox.reason(to=at_home.tokens["voip"]) == "BadDeviceToken"


def test_a_dead_token_is_known_to_its_own_environment_alone(bench: Bench) -> None:
    device, _ = bench.office.directory.device("ipad", "secret")
    gone = bench.office.directory.register(device, "apns", BUNDLE, environment="sandbox").tokens["voip"]
    bench.office.directory.unregister(device, "apns", BUNDLE)
    assert bench.reason(to=gone) == "BadDeviceToken"
    bench.apns = Apns(bench.office, bench.tokens, bench.budget, environment="sandbox")
    assert bench.reason(to=gone) == "Unregistered"


def test_three_background_pushes_an_hour_wake_the_app_and_all_are_taken(bench: Bench) -> None:
    bench.attach()
    background = {"apns_push_type": "background", "apns_priority": "5"}
    silent = json.dumps({"aps": {"content-available": 1}}).encode()
    assert [bench.send("remote", silent, **background).status for _ in range(5)] == [200] * 5
    assert len(bench.phone.messages) == 3
    last = bench.office.journal.entries[-1]
    assert (last.event, last.reason, last.kind) == ("throttled", "background budget", "background")
    assert bench.send("remote").status == 200
    assert len(bench.phone.messages) == 4, "alerts have no such budget"
    bench.clock.advance(3600)
    bench.send("remote", silent, **background)
    assert len(bench.phone.messages) == 5


def certificate(team: str, start: float = START) -> bytes:
    return x509.load_pem_x509_certificate(make_certificates(start, team=team).client).public_bytes(Encoding.DER)


def test_a_certificate_stands_for_a_token(bench: Bench) -> None:
    bench.attach()
    bench.peer.certificate = certificate(TEAM)
    token = bench.entry.tokens["voip"]
    headers = {"apns-topic": f"{BUNDLE}.voip", "apns-push-type": "voip"}
    answer = bench.apns(post(f"/3/device/{token}", headers, apns_body(), bench.peer))
    assert (answer.status, answer.trusts_peer) == (200, True)
    assert len(bench.phone.messages) == 1
    assert bench.reason(authorization="bearer x") == "InvalidProviderToken", "a token counts first"
