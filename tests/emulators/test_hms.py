"""Claims about the Push Kit emulator."""

import json
from urllib.parse import urlencode

import pytest
from tests.emulators.bench import START, ManualClock, run
from tests.emulators.offices import FakePhone, make_office, post

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.hms import Hms, HmsHost, fault
from ringwake.emulators.hms_oauth import PATH, HmsOAuth
from ringwake.emulators.journal import hash8
from ringwake.emulators.mailroom import MOST_WAITING

APP, PROJECT, SECRET = "100000001", "736430079244000001", "secret"
V1, V2 = f"/v1/{APP}/messages:send", f"/v2/{PROJECT}/messages:send"
FORM = {"content-type": "application/x-www-form-urlencoded"}
GRANT = urlencode({"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET}).encode()


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        self.oauth = HmsOAuth(self.office, app=APP, secret=SECRET)
        self.hms = Hms(self.office, self.oauth, app=APP, project=PROJECT)
        self.device, _ = self.office.directory.device("mate", "secret")
        self.token = self.office.directory.register(self.device, "hms", APP).tokens[""]
        self.phone = FakePhone()
        self.bearer = json.loads(self.oauth(post(PATH, FORM, GRANT)).body)["access_token"]

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    def ask(self, body: bytes, *, target: str = V2, authorization: str | None = None) -> Response:
        return self.hms(post(target, {"authorization": authorization or f"Bearer {self.bearer}"}, body))

    def send(self, *tokens: str, target: str = V2, validate_only: bool = False, **android: object) -> Response:
        message = {"data": '{"ringwake":{}}', "token": list(tokens or [self.token]), "android": android}
        return self.ask(json.dumps({"message": message, "validate_only": validate_only}).encode(), target=target)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def code(answer: Response) -> tuple[int, str]:
    return answer.status, json.loads(answer.body)["code"] if answer.body else ""


@pytest.mark.parametrize("target", [V1, V2])
def test_a_call_reaches_the_app(bench: Bench, target: str) -> None:
    bench.attach()
    answer = bench.send(urgency="HIGH", category="VOIP", ttl="20s", target=target)
    assert code(answer) == (200, "80000000")
    assert bench.phone.messages == [
        {
            "op": "push",
            "seq": 1,
            "again": False,
            "provider": "hms",
            "service": "",
            "app": APP,
            "id": json.loads(answer.body)["requestId"],
            "payload": '{"ringwake":{}}',
            "display": None,
            "urgency": "HIGH",
            "category": "VOIP",
        }
    ]


@pytest.mark.parametrize(
    "target",
    ["/", f"/v1/{PROJECT}/messages:send", f"/v2/{APP}/messages:send", f"/v3/{PROJECT}/messages:send", f"{V2}?x", PATH],
)
def test_a_url_that_names_nothing_of_ours_is_not_found(bench: Bench, target: str) -> None:
    assert code(bench.send(target=target)) == (404, "")
    assert bench.hms(Request(method="GET", target=V2, headers=())).status == 404


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic x", "Bearer", "bearer {}"])
def test_who_has_no_access_token_may_not_send(bench: Bench, authorization: str) -> None:
    answer = bench.ask(b"{}", authorization=authorization.format(bench.bearer))
    assert code(answer) == (401, "80200001")
    twice = [("authorization", f"Bearer {bench.bearer}")] * 2
    assert code(bench.hms(post(V2, twice, b"{}"))) == (401, "80200001")


def test_an_access_token_ends_after_an_hour(bench: Bench) -> None:
    bench.clock.advance(3599)
    assert code(bench.send()) == (200, "80000000")
    bench.clock.advance(1)
    assert code(bench.send()) == (401, "80200003")


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff"])
def test_what_is_no_object_is_refused(bench: Bench, body: bytes) -> None:
    assert code(bench.ask(body)) == (400, "80100003")


def test_what_is_too_long_is_refused(bench: Bench) -> None:
    headers = (("authorization", f"Bearer {bench.bearer}"),)
    request = Request(method="POST", target=V2, headers=headers, body=b"{}", too_long=True)
    assert code(bench.hms(request)) == (400, "80100003")


def test_tokens_that_are_dead_unknown_or_anothers_are_all_called_invalid_with_200(bench: Bench) -> None:
    other = bench.office.directory.register(bench.device, "hms", "100000002").tokens[""]
    assert code(bench.send("nobodys")) == (200, "80300007")
    assert code(bench.send(other)) == (200, "80300007")
    bench.office.directory.unregister(bench.device, "hms", APP)
    assert code(bench.send()) == (200, "80300007")


def test_of_several_tokens_those_that_are_invalid_are_named(bench: Bench) -> None:
    bench.attach()
    answer = bench.send(bench.token, "nobodys")
    assert code(answer) == (200, "80100000")
    tally = json.loads(json.loads(answer.body)["msg"])
    assert tally == {"success": 1, "failure": 1, "illegal_tokens": ["nobodys"]}
    assert len(bench.phone.messages) == 1


def test_a_topic_is_taken_and_nobody_has_it(bench: Bench) -> None:
    assert code(bench.ask(b'{"message":{"data":"x","topic":"weather"}}')) == (200, "80000000")


def test_a_test_message_is_checked_and_not_delivered(bench: Bench) -> None:
    bench.attach()
    assert code(bench.send(validate_only=True)) == (200, "80000000")
    assert code(bench.send("nobodys", validate_only=True)) == (200, "80300007")
    assert not bench.phone.messages


def test_it_is_stored_for_its_time_and_the_latest_of_a_group_remains(bench: Bench) -> None:
    for group in (1, 1, 2, -1, -1):
        bench.send(ttl="20s", collapse_key=group)
    bench.send(ttl="5s")
    bench.clock.advance(10)
    bench.attach()
    assert len(bench.phone.messages) == 4


def test_a_device_for_which_too_many_wait_is_flow_control(bench: Bench) -> None:
    for _ in range(MOST_WAITING):
        bench.send()
    assert code(bench.send()) == (503, "")


def test_the_journal_says_what_was_wrong_and_shows_no_token(bench: Bench) -> None:
    bench.send(ttl="0s")
    bench.send()
    refused, accepted = [entry for entry in bench.office.journal.entries if entry.service == "hms"][:2]
    assert (refused.reason, refused.detail, refused.status) == ("80100004", "ttl is over already", 400)
    assert (accepted.event, accepted.token, accepted.kind) == ("accepted", hash8(bench.token), "NORMAL")
    assert bench.token not in repr(bench.office.journal.entries)


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (200, "80300007", (200, "80300007")),
        (200, "", (200, "")),
        (401, "", (401, "80200001")),
        (400, "", (400, "80100003")),
        (500, "", (500, "81000001")),
        (503, "", (503, "")),
        (200, "nonsense", (200, "")),
    ],
)
def test_a_switched_answer_looks_like_huaweis(status: int, reason: str, said: tuple[int, str]) -> None:
    assert code(fault(post(V2, {}, b""), status, reason, START)) == said


def test_both_hosts_are_one() -> None:
    async def story() -> None:
        host = HmsHost(lambda _: Response(status=200), lambda _: Response(status=201))
        answers = [host(post(target, {}, b"")) for target in (V1, f"{PATH}?x", PATH)]
        assert [answer.status for answer in answers if isinstance(answer, Response)] == [200, 201, 201]

    run(story())
