"""Claims about the FCM emulator."""

import json

import pytest
from tests.emulators.bench import START, ManualClock, run
from tests.emulators.offices import PROJECT, FakePhone, make_office, post
from tests.emulators.senders import GOOGLE_KEY, IDS, TOKEN_URI, token_request

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.fcm import Fcm, FcmHost, fault
from ringwake.emulators.fcm_quota import COLLAPSIBLE_BURST, DEVICE_A_MINUTE
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING
from ringwake.emulators.oauth import OAuth

SEND = f"/v1/projects/{PROJECT}/messages:send"


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        self.oauth = OAuth(self.office, IDS, GOOGLE_KEY.public_key())
        self.oauth.token_uri = TOKEN_URI
        self.fcm = Fcm(self.office, IDS, self.oauth)
        self.device, _ = self.office.directory.device("pixel", "secret")
        self.token = self.office.directory.register(self.device, "fcm", PROJECT).tokens[""]
        self.phone = FakePhone()
        self.bearer = str(json.loads(self.oauth(token_request()).body)["access_token"])

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    def ask(self, body: bytes, *, target: str = SEND, authorization: str | None = None) -> Response:
        return self.fcm(post(target, {"authorization": authorization or f"Bearer {self.bearer}"}, body))

    def send(self, *, to: str = "", target: str = SEND, validate_only: bool = False, **message: object) -> Response:
        content = {"message": {"token": to or self.token} | message, "validate_only": validate_only}
        return self.ask(json.dumps(content).encode(), target=target)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def error(answer: Response) -> tuple[int, str, str]:
    """Return HTTP status, google.rpc code and FCM's own code."""
    content = json.loads(answer.body)["error"]
    assert content["code"] == answer.status
    codes = [detail.get("errorCode", "") for detail in content["details"]]
    return answer.status, content["status"], "".join(codes)


def test_a_call_reaches_the_app(bench: Bench) -> None:
    bench.attach()
    answer = bench.send(data={"kind": "call"}, android={"priority": "HIGH", "ttl": "20s"})
    assert answer.status == 200
    name = json.loads(answer.body)["name"]
    assert name.startswith(f"projects/{PROJECT}/messages/0:")
    assert bench.phone.messages == [
        {
            "op": "push",
            "seq": 1,
            "again": False,
            "provider": "fcm",
            "service": "",
            "app": PROJECT,
            "id": name,
            "payload": {"kind": "call"},
            "display": None,
            "priority": "HIGH",
            "collapse_key": "",
        }
    ]


def test_a_notification_is_shown_by_the_system(bench: Bench) -> None:
    bench.attach()
    bench.send(notification={"title": "Missed", "body": "Boss"}, android={"notification": {"sound": "ring"}})
    assert bench.phone.messages[0]["display"] == {"title": "Missed", "body": "Boss", "sound": "ring"}


def test_the_project_may_be_named_by_its_number(bench: Bench) -> None:
    assert bench.send(target=f"/v1/projects/{IDS.project_number}/messages:send").status == 200


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("Basic x", "CREDENTIALS_MISSING"),
        ("Bearer", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
        ("Bearer ya29.unknown", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    ],
)
def test_a_bearer_token_must_be_ours(bench: Bench, authorization: str, reason: str) -> None:
    answer = bench.ask(b"{}", authorization=authorization)
    assert error(answer) == (401, "UNAUTHENTICATED", "")
    assert json.loads(answer.body)["error"]["details"][0]["reason"] == reason


def test_no_or_two_authorizations_are_none(bench: Bench) -> None:
    good = ("authorization", f"Bearer {bench.bearer}")
    for headers in ([], [good, good]):
        assert error(bench.fcm(post(SEND, headers, b"{}"))) == (401, "UNAUTHENTICATED", "")


def test_a_bearer_token_expires(bench: Bench) -> None:
    bench.clock.advance(3598)
    assert bench.send().status == 200
    bench.clock.advance(1)
    answer = bench.send()
    assert answer.status == 401
    assert json.loads(answer.body)["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"


def test_another_project_may_not_be_sent_for(bench: Bench) -> None:
    assert error(bench.send(target="/v1/projects/other/messages:send")) == (403, "PERMISSION_DENIED", "")


def test_the_token_of_another_project_is_refused(bench: Bench) -> None:
    other = bench.office.directory.register(bench.device, "fcm", "other").tokens[""]
    assert error(bench.send(to=other)) == (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH")


@pytest.mark.parametrize("change", ["unregister", "rotate"])
def test_a_token_given_up_is_unregistered(bench: Bench, change: str) -> None:
    getattr(bench.office.directory, change)(bench.device, "fcm", PROJECT)
    assert error(bench.send()) == (404, "NOT_FOUND", "UNREGISTERED")


def test_a_token_nobody_ever_had_is_unregistered(bench: Bench) -> None:
    assert error(bench.send(to="x" * 30)) == (404, "NOT_FOUND", "UNREGISTERED")


@pytest.mark.parametrize("token", ["short", "x" * 30 + "!", "a b" * 20])
def test_what_is_no_token_is_an_invalid_argument_with_fcms_own_code(bench: Bench, token: str) -> None:
    answer = bench.send(to=token)
    assert error(answer) == (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
    assert "token" in json.loads(answer.body)["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"message":{"token":5}}', b'{"message":{"data":{"a":1}}}'])
def test_a_wrong_form_is_an_invalid_argument_with_field_violations(bench: Bench, body: bytes) -> None:
    answer = bench.ask(body)
    assert error(answer) == (400, "INVALID_ARGUMENT", "")
    assert json.loads(answer.body)["error"]["details"][0]["fieldViolations"]


def test_a_request_over_the_cap_is_an_invalid_argument(bench: Bench) -> None:
    headers = (("authorization", f"Bearer {bench.bearer}"),)
    request = Request(method="POST", target=SEND, headers=headers, body=b"{}", too_long=True)
    assert error(bench.fcm(request)) == (400, "INVALID_ARGUMENT", "")


@pytest.mark.parametrize("target", ["/", "/v1/projects//messages:send", f"{SEND}/x", f"{SEND}?x=1", "/fcm/send"])
def test_there_is_one_place(bench: Bench, target: str) -> None:
    assert error(bench.send(target=target)) == (404, "NOT_FOUND", "")


def test_there_is_one_method(bench: Bench) -> None:
    assert error(bench.fcm(Request(method="GET", target=SEND, headers=()))) == (404, "NOT_FOUND", "")


def test_validate_only_checks_and_sends_nothing(bench: Bench) -> None:
    bench.attach()
    assert bench.send(validate_only=True).status == 200
    assert bench.phone.messages == []
    assert error(bench.send(to="x" * 30, validate_only=True)) == (404, "NOT_FOUND", "UNREGISTERED")


def test_a_topic_is_accepted_and_has_no_subscribers(bench: Bench) -> None:
    bench.attach()
    assert bench.ask(b'{"message":{"topic":"news"}}').status == 200
    assert bench.phone.messages == []


def test_ttl_zero_is_now_or_never(bench: Bench) -> None:
    assert bench.send(android={"ttl": "0s"}).status == 200
    bench.attach()
    assert bench.phone.messages == []


def test_a_message_waits_for_its_ttl(bench: Bench) -> None:
    bench.send(data={"n": "1"}, android={"ttl": "10s"})
    bench.send(data={"n": "2"}, android={"ttl": "20s"})
    bench.clock.advance(10)
    bench.attach()
    assert [message["payload"] for message in bench.phone.messages] == [{"n": "2"}]


def test_the_latest_of_a_collapse_key_stays(bench: Bench) -> None:
    for number, key in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "")):
        bench.send(data={"n": number}, android={"collapse_key": key})
    bench.attach()
    assert [message["payload"] for message in bench.phone.messages] == [{"n": "2"}, {"n": "3"}, {"n": "4"}]


def test_too_many_waiting_messages_exceed_the_quota(bench: Bench) -> None:
    bench.attach()
    for number in range(MOST_WAITING):
        bench.clock.advance(60 if number == 200 else 0)
        assert bench.send().status == 200
    assert error(bench.send()) == (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")


def test_a_device_that_is_sent_too_many_is_over_its_quota_for_the_rest_of_the_minute(bench: Bench) -> None:
    bench.send(validate_only=True)
    for _ in range(DEVICE_A_MINUTE):
        assert bench.send(android={"ttl": "0s"}).status == 200
    bench.clock.advance(20)
    answer = bench.send()
    assert error(answer) == (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    assert dict(answer.headers)["retry-after"] == "40"
    refused = bench.office.journal.entries[-1]
    assert (refused.reason, refused.detail) == ("QUOTA_EXCEEDED", "message rate of the device exceeded")
    assert refused.token == hash8(bench.token)
    bench.clock.advance(40)
    assert bench.send().status == 200


def test_a_project_is_over_its_quota_whatever_it_asks_for(bench: Bench) -> None:
    async def story() -> None:
        await bench.office.switches.set("fcm", quota=2 / 600_000)
        assert [bench.send(to="x" * 30).status, bench.ask(b"{").status] == [404, 400]
        assert error(bench.send()) == (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
        await bench.office.switches.set("fcm", quota=0)
        assert bench.send().status == 200

    run(story())


def test_collapsible_messages_are_accepted_and_throttled(bench: Bench) -> None:
    bench.attach()
    for _ in range(COLLAPSIBLE_BURST + 1):
        assert bench.send(android={"collapse_key": "k"}).status == 200
    assert len(bench.phone.messages) == COLLAPSIBLE_BURST


def test_the_journal_never_shows_a_token(bench: Bench) -> None:
    bench.attach()
    bench.send()
    bench.send(to=bench.token + "x")
    bench.send(to="!" + bench.token)
    bench.send(data={bench.token: 5})
    shown = repr(bench.office.journal.entries)
    assert bench.token not in shown
    assert bench.bearer not in shown
    assert [entry.token for entry in bench.office.journal.entries if entry.event == "delivered"] == [hash8(bench.token)]


def test_the_host_hands_each_request_to_its_service(bench: Bench) -> None:
    host = FcmHost(bench.fcm, bench.oauth)
    granted = host(token_request())
    assert isinstance(granted, Response)
    assert granted.status == 200
    refused = host(post(SEND, {}, b"{}"))
    assert isinstance(refused, Response)
    assert refused.status == 401


def test_a_switched_answer_looks_like_googles() -> None:
    assert error(fault(post(SEND, {}, b""), 429, "", START)) == (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
