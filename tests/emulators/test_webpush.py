"""Claims about the Web Push emulator, service and browser."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.emulators.bench import START, ManualClock, run
from tests.emulators.offices import ORIGIN, FakePhone, events, make_office, post
from tests.emulators.senders import VAPID_KEY, raw_point, seal, vapid

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING
from ringwake.emulators.webpush import MOST_TTL_SECONDS, WebPush, fault

SEALED = {"content-encoding": "aes128gcm"}


class Bench:
    def __init__(self, provider: str = "webpush") -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        self.webpush = WebPush(self.office)
        self.device, _ = self.office.directory.device("browser", "secret")
        self.entry = self.office.directory.register(self.device, provider, raw_point(VAPID_KEY))
        assert self.entry.subscription is not None
        shown = self.entry.subscription.to_json()
        assert isinstance(shown["keys"], dict)
        self.keys: dict[str, str] = shown["keys"]
        self.endpoint = str(shown["endpoint"])
        self.phone = FakePhone()

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    def send(self, body: bytes = b"", headers: dict[str, str | None] | None = None) -> Response:
        good = {"authorization": vapid(), "ttl": "60"} | (SEALED if body else {})
        fields = {name: value for name, value in (good | (headers or {})).items() if value is not None}
        return self.webpush(post(self.endpoint.removeprefix(ORIGIN), fields, body))

    def tell(self, text: str, **headers: str) -> Response:
        return self.send(seal(text.encode(), self.keys), dict(headers))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_push_is_decrypted_for_the_page(bench: Bench) -> None:
    bench.attach()
    answer = bench.tell("Boss calling ☎", topic="call-1", urgency="high")
    headers = dict(answer.headers)
    assert (answer.status, headers["ttl"]) == (201, "60")
    assert headers["location"].startswith(f"{ORIGIN}/m/")
    assert bench.phone.messages == [
        {
            "op": "push",
            "seq": 1,
            "again": False,
            "provider": "webpush",
            "service": "",
            "app": raw_point(VAPID_KEY),
            "id": headers["location"].rpartition("/")[2],
            "payload": "Boss calling ☎",
            "display": None,
            "topic": "call-1",
            "urgency": "high",
        }
    ]


def test_an_empty_push_has_no_text(bench: Bench) -> None:
    bench.attach()
    assert bench.send().status == 201
    assert (bench.phone.messages[0]["payload"], bench.phone.messages[0]["urgency"]) == (None, "normal")


def test_unifiedpush_is_the_same_for_an_app_that_shows_what_it_likes() -> None:
    bench = Bench("unifiedpush")
    bench.attach()
    assert bench.tell('{"web_push":8030,"notification":{"title":"t"}}').status == 201
    (push,) = bench.phone.messages
    assert (push["provider"], push["display"]) == ("unifiedpush", None)
    assert bench.office.journal.entries[-1].service == "unifiedpush"


def test_a_switch_of_web_push_is_one_of_unifiedpush() -> None:
    bench = Bench("unifiedpush")
    run(bench.office.switches.set("webpush", drop=True))
    bench.attach()
    assert bench.tell("x").status == 201
    assert not bench.phone.messages


def test_a_declarative_push_is_shown_by_the_browser(bench: Bench) -> None:
    bench.attach()
    bench.tell(json.dumps({"web_push": 8030, "notification": {"title": "Boss", "navigate": "https://x"}}))
    assert bench.phone.messages[0]["display"] == {"title": "Boss"}


def test_text_that_is_no_utf8_is_read_as_browsers_read_it(bench: Bench) -> None:
    bench.attach()
    bench.send(seal(b"a\xff", bench.keys))
    assert bench.phone.messages[0]["payload"] == "a\ufffd"


def test_what_the_browser_cannot_read_is_accepted_and_shown_in_the_journal_only(bench: Bench) -> None:
    bench.attach()
    assert bench.send(b"x" * 200).status == 201
    assert bench.phone.messages == []
    last = bench.office.journal.entries[-1]
    assert (last.event, last.detail) == ("undecryptable", "the key id is no P-256 point")


@pytest.mark.parametrize(
    ("status", "reason", "headers", "body"),
    [
        (401, "Unauthorized", {"authorization": None}, b""),
        (403, "BadVapid", {"authorization": "vapid t=x"}, b""),
        (403, "BadJwtToken", {"authorization": vapid(aud="https://example.com")}, b""),
        (403, "VapidKeyMismatch", {"authorization": vapid(key=ec.generate_private_key(ec.SECP256R1()))}, b""),
        (400, "BadTtl", {"ttl": None}, b""),
        (400, "BadTtl", {"ttl": "-1"}, b""),
        (400, "BadTtl", {"ttl": "1.5"}, b""),
        (400, "BadTtl", {"ttl": ""}, b""),
        (400, "BadTtl", {"ttl": "9" * 11}, b""),
        (400, "BadTopic", {"topic": "x" * 33}, b""),
        (400, "BadTopic", {"topic": "a b"}, b""),
        (400, "BadUrgency", {"urgency": "urgent"}, b""),
        (400, "BadContentEncoding", {"content-encoding": None}, b"x"),
        (400, "BadContentEncoding", {"content-encoding": "aesgcm"}, b"x"),
        (413, "PayloadTooLarge", {}, b"x" * 4097),
    ],
)
def test_each_fault_has_its_status_and_reason(
    bench: Bench, status: int, reason: str, headers: dict[str, str | None], body: bytes
) -> None:
    bench.attach()
    answer = bench.send(body, headers)
    assert (answer.status, json.loads(answer.body)) == (status, {"reason": reason})
    assert bench.phone.messages == []
    assert events(bench.office) == [f"refused {reason}"]


def test_a_body_of_4096_octets_is_taken(bench: Bench) -> None:
    bench.attach()
    body = seal(b"x" * 3993, bench.keys)
    assert len(body) == 4096
    assert bench.send(body).status == 201
    assert bench.phone.messages[0]["payload"] == "x" * 3993


@pytest.mark.parametrize("name", ["ttl", "topic", "urgency", "content-encoding"])
def test_no_header_may_come_twice(bench: Bench, name: str) -> None:
    headers = [("authorization", vapid()), ("ttl", "60"), (name, "1"), (name, "1")]
    answer = bench.webpush(post(bench.endpoint.removeprefix(ORIGIN), headers, b""))
    assert json.loads(answer.body) == {"reason": "DuplicateHeaders"}


def test_a_body_over_the_cap_is_too_large(bench: Bench) -> None:
    headers = (("authorization", vapid()), ("ttl", "60"))
    target = bench.endpoint.removeprefix(ORIGIN)
    request = Request(method="POST", target=target, headers=headers, body=b"x", too_long=True)
    assert bench.webpush(request).status == 413


def test_a_subscription_given_up_is_gone_and_one_nobody_had_not_found(bench: Bench) -> None:
    bench.office.directory.unregister(bench.device, "webpush", bench.entry.app)
    assert bench.send().status == 410
    assert bench.webpush(post("/wpush/other", {}, b"")).status == 404
    assert bench.webpush(post("/", {}, b"")).status == 404


def test_a_rotated_subscription_is_gone(bench: Bench) -> None:
    bench.office.directory.rotate(bench.device, "webpush", bench.entry.app)
    assert bench.send().status == 410


def test_there_is_one_method(bench: Bench) -> None:
    target = bench.endpoint.removeprefix(ORIGIN)
    assert bench.webpush(Request(method="GET", target=target, headers=())).status == 405


def test_ttl_zero_is_for_who_is_there(bench: Bench) -> None:
    assert bench.send(headers={"ttl": "0"}).status == 201
    bench.attach()
    assert bench.phone.messages == []


def test_a_push_waits_for_its_ttl(bench: Bench) -> None:
    bench.tell("short", ttl="10")
    bench.tell("long", ttl="20")
    bench.clock.advance(10)
    bench.attach()
    assert [message["payload"] for message in bench.phone.messages] == ["long"]


def test_the_granted_ttl_is_bounded(bench: Bench) -> None:
    assert dict(bench.send(headers={"ttl": "9999999999"}).headers)["ttl"] == str(MOST_TTL_SECONDS)


def test_a_topic_replaces_what_was_not_delivered(bench: Bench) -> None:
    for text, topic in (("ringing", "call-1"), ("other", "call-2"), ("missed", "call-1")):
        bench.tell(text, topic=topic)
    bench.attach()
    assert [message["payload"] for message in bench.phone.messages] == ["other", "missed"]


def test_a_message_can_be_taken_back_until_it_is_delivered(bench: Bench) -> None:
    def delete(answer: Response) -> int:
        target = dict(answer.headers)["location"].removeprefix(ORIGIN)
        return bench.webpush(Request(method="DELETE", target=target, headers=())).status

    stored = bench.tell("one")
    assert [delete(stored), delete(stored)] == [204, 404]
    bench.attach()
    assert bench.phone.messages == []
    assert delete(bench.tell("two")) == 404
    assert bench.webpush(post("/m/x", {}, b"")).status == 405


def test_too_many_waiting_pushes_are_refused(bench: Bench) -> None:
    bench.attach()
    for _ in range(MOST_WAITING):
        assert bench.send().status == 201
    assert bench.send().status == 429


def test_only_the_newest_messages_can_be_taken_back(bench: Bench) -> None:
    bench.attach()
    bench.webpush._messages = {str(number): bench.device for number in range(10_000)}
    bench.send()
    assert len(bench.webpush._messages) == 10_000
    assert "0" not in bench.webpush._messages


def test_the_journal_never_shows_an_endpoint(bench: Bench) -> None:
    bench.attach()
    bench.send()
    bench.send(headers={"ttl": None})
    assert bench.endpoint.rpartition("/")[2] not in repr(bench.office.journal.entries)
    assert {entry.token for entry in bench.office.journal.entries} == {hash8(bench.endpoint)}


def test_a_switched_answer_has_the_reason_asked_for() -> None:
    assert fault(post("/", {}, b""), 429, "Slow", START).body == b'{"reason":"Slow"}'
    assert fault(post("/", {}, b""), 503, "", START).body == b""
