"""Claims about the operator's own push server, as the lab plays it."""

import hmac
import json
from base64 import b64decode, b64encode

import pytest
from tests.emulators.bench import START, ManualClock
from tests.emulators.offices import FakePhone, events, make_office, post

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.hook import PATH, Hook, fault
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING

APP = "demo-phone"
SECRET = "whsec_" + b64encode(b"k" * 32).decode()


def sign(body: bytes, name: str, at: int, secret: str = SECRET) -> str:
    key = b64decode(secret.removeprefix("whsec_"))
    return "v1," + b64encode(hmac.digest(key, f"{name}.{at}.".encode() + body, "sha256")).decode()


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        self.hook = Hook(self.office, secret=SECRET)
        self.device, _ = self.office.directory.device("phone", "secret")
        self.token = self.office.directory.register(self.device, "http", APP).tokens[""]
        self.phone = FakePhone()

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    def request(self, name: str = "push-1", *, at: int = int(START), **changes: object) -> Request:
        content = {
            "v": 1,
            "id": name,
            "token": self.token,
            "app": APP,
            "kind": "call",
            "expires": int(START) + 20,
            "ringwake": {"kind": "call"},
            **changes,
        }
        body = json.dumps(content).encode()
        return post(PATH, fields(body, name, at), body)

    def send(self, name: str = "push-1", **changes: object) -> Response:
        return self.hook(self.request(name, **changes))  # type: ignore[arg-type]  # mixed


def fields(body: bytes, name: str, at: int) -> dict[str, str]:
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": sign(body, name, at)}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def said(answer: Response) -> tuple[int, str]:
    return answer.status, json.loads(answer.body).get("reason", "")


def test_a_call_reaches_the_app(bench: Bench) -> None:
    bench.attach()
    answer = bench.send(alert={"body": "Boss calling"}, deep_link="app://call")
    assert answer.status == 200
    assert bench.phone.messages == [
        {
            "op": "push",
            "seq": 1,
            "again": False,
            "provider": "http",
            "service": "",
            "app": APP,
            "id": json.loads(answer.body)["id"],
            "payload": {"ringwake": {"kind": "call"}, "alert": {"body": "Boss calling"}, "deep_link": "app://call"},
            "display": None,
        }
    ]


def test_a_repeat_is_answered_again_and_delivered_once(bench: Bench) -> None:
    bench.attach()
    first = bench.send()
    bench.clock.advance(2)
    again = bench.send(at=int(START) + 2)
    assert first.body == again.body
    assert len(bench.phone.messages) == 1
    assert bench.office.journal.entries[-1].reason == "repeat"


def test_only_the_newest_ids_are_remembered(bench: Bench) -> None:
    past = int(START)  # so that none is stored
    for number in (*range(1001), 0, 1000):
        bench.send(f"push-{number}", expires=past)
    accepted = [entry for entry in bench.office.journal.entries if entry.event == "accepted"]
    assert [entry.reason for entry in accepted[-3:]] == ["", "", "repeat"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"webhook-signature": "v1,AAAA"}, "bad_signature"),
        ({"webhook-signature": ""}, "bad_signature"),
        ({"webhook-signature": "v1,\u00e9\udcff"}, "bad_signature"),
        ({"webhook-id": "push-2"}, "bad_signature"),
        ({"webhook-timestamp": str(int(START) + 1)}, "bad_signature"),
        ({"webhook-timestamp": "now"}, "bad_signature"),
        ({"webhook-timestamp": None}, "bad_signature"),
    ],
)
def test_what_is_not_signed_as_it_is_is_refused(bench: Bench, changes: dict[str, str | None], reason: str) -> None:
    request = bench.request()
    headers = {name: value for name, value in (dict(request.headers) | changes).items() if value is not None}
    assert said(bench.hook(post(PATH, headers, request.body))) == (401, reason)
    assert said(bench.hook(post(PATH, [*request.headers, *request.headers], request.body))) == (401, reason)
    assert said(bench.hook(post(PATH, list(request.headers), request.body + b" "))) == (401, reason)


def test_one_good_signature_of_several_is_enough(bench: Bench) -> None:
    request = bench.request()
    headers = dict(request.headers)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert bench.hook(post(PATH, headers, request.body)).status == 200


@pytest.mark.parametrize(("seconds", "status"), [(300, 200), (301, 401), (-300, 200), (-301, 401)])
def test_what_was_signed_long_ago_is_refused(bench: Bench, seconds: int, status: int) -> None:
    assert bench.send(at=int(START) - seconds).status == status


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"id": "another"},
        {"token": ""},
        {"app": None},
        {"kind": 1},
        {"kind": "call\x1b[2J"},
        {"kind": "x" * 33},
        {"expires": "soon"},
        {"ringwake": "{}"},
    ],
)
def test_a_body_has_all_its_members(bench: Bench, changes: dict[str, object]) -> None:
    body = json.dumps(json.loads(bench.request().body) | changes).encode()
    assert said(bench.hook(post(PATH, fields(body, "push-1", int(START)), body))) == (400, "bad_body")


def test_a_body_is_an_object_and_not_too_long(bench: Bench) -> None:
    for body in (b"[]", b"\xff"):
        assert said(bench.hook(post(PATH, fields(body, "x", int(START)), body))) == (400, "bad_body")
    assert said(bench.send(ringwake={"x": "y" * 4096})) == (413, "too_long")
    request = bench.request()
    cut = Request(method="POST", target=PATH, headers=request.headers, body=request.body, too_long=True)
    assert said(bench.hook(cut)) == (400, "bad_body")


def test_there_is_one_path(bench: Bench) -> None:
    request = bench.request()
    assert said(bench.hook(post("/", list(request.headers), request.body))) == (404, "no_such_path")
    assert bench.hook(Request(method="GET", target=PATH, headers=request.headers)).status == 404


def test_a_token_that_was_given_up_is_dead_since_then(bench: Bench) -> None:
    bench.clock.advance(5)
    bench.office.directory.unregister(bench.device, "http", APP)
    answer = bench.send()
    assert said(answer) == (410, "unregistered")
    assert json.loads(answer.body)["at"] == START + 5
    assert json.loads(bench.send(token="nobodys").body) == {"reason": "unregistered"}


def test_a_token_belongs_to_its_application(bench: Bench) -> None:
    assert said(bench.send(app="other-phone")) == (403, "unknown_app")


def test_too_many_for_a_device_is_429(bench: Bench) -> None:
    for number in range(MOST_WAITING):
        bench.send(f"push-{number}")
    assert said(bench.send()) == (429, "too_many")


def test_the_journal_says_what_happened_and_shows_no_token(bench: Bench) -> None:
    bench.send()
    bench.send("push-2", app="other-phone")
    assert events(bench.office) == ["accepted", "stored device away", "refused unknown_app"]
    accepted, _, refused = bench.office.journal.entries
    assert accepted.token == refused.token == hash8(bench.token)
    assert bench.token not in repr(bench.office.journal.entries)


@pytest.mark.parametrize(
    ("status", "reason", "content"),
    [(410, "", {"at": START}), (503, "restart", {"reason": "restart"}), (404, "", {})],
)
def test_a_switched_answer_is_like_its_own(status: int, reason: str, content: dict[str, object]) -> None:
    answer = fault(post(PATH, {}, b""), status, reason, START)
    assert (answer.status, json.loads(answer.body)) == (status, content)
