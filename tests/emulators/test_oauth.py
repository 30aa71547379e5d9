"""Claims about Google's token endpoint."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.emulators.bench import START, ManualClock
from tests.emulators.offices import make_office, post
from tests.emulators.senders import GOOGLE_KEY, IDS, SCOPE, TOKEN_URI, assertion, token_request

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.oauth import GOOGLES_AUDIENCE, OAuth, fault

NOW = int(START)
OTHER_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock)
        self.oauth = OAuth(self.office, IDS, GOOGLE_KEY.public_key())
        self.oauth.token_uri = TOKEN_URI

    def error(self, request: Request) -> str:
        answer = self.oauth(request)
        content = json.loads(answer.body)
        assert answer.status == (400 if "error" in content else 200)
        return str(content.get("error", ""))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def content(answer: Response) -> dict[str, object]:
    loaded: dict[str, object] = json.loads(answer.body)
    return loaded


def test_a_good_assertion_is_worth_a_token_for_an_hour(bench: Bench) -> None:
    answer = bench.oauth(token_request())
    assert answer.status == 200
    granted = content(answer)
    assert (granted["expires_in"], granted["token_type"]) == (3599, "Bearer")
    assert bench.oauth.expires_at(str(granted["access_token"])) == START + 3599
    assert bench.oauth.expires_at("ya29.other") is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aud": GOOGLES_AUDIENCE}, ""),
        ({"scope": f"openid {SCOPE}"}, ""),
        ({"scope": "https://www.googleapis.com/auth/cloud-platform"}, ""),
        ({"iat": NOW + 60, "exp": NOW + 3660}, ""),
        ({"iat": NOW - 3600, "exp": NOW}, ""),
        ({"kid": "other"}, "invalid_grant"),
        ({"key": OTHER_KEY}, "invalid_grant"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, "invalid_grant"),
        ({"iss": "other@example.com"}, "invalid_grant"),
        ({"aud": "https://example.com/token"}, "invalid_grant"),
        ({"aud": None}, "invalid_grant"),
        ({"iat": None}, "invalid_grant"),
        ({"exp": None}, "invalid_grant"),
        ({"exp": NOW}, "invalid_grant"),
        ({"exp": NOW + 3601}, "invalid_grant"),
        ({"iat": NOW + 61, "exp": NOW + 3600}, "invalid_grant"),
        ({"iat": NOW - 3660, "exp": NOW - 60}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_each_fault_of_an_assertion_has_its_error(bench: Bench, changes: dict[str, object], expected: str) -> None:
    assert bench.error(token_request(assertion=assertion(**changes))) == expected  # type: ignore[arg-type]  # mixed


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (token_request(grant_type="password"), "unsupported_grant_type"),
        (token_request(assertion="x"), "invalid_grant"),
        (token_request(assertion="a.b.c"), "invalid_grant"),
        (post("/token", FORM, b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"), "invalid_request"),
        (post("/token", FORM, b"assertion=x"), "unsupported_grant_type"),
        (post("/token", FORM, b""), "unsupported_grant_type"),
        (post("/token", FORM, b"no form"), "invalid_request"),
        (post("/token", FORM, b"\xff=1"), "invalid_request"),
        (post("/token", FORM, b"a=1&a=2"), "invalid_request"),
        (post("/token", FORM, b"&".join(b"f%d=1" % number for number in range(20))), "invalid_request"),
        (post("/token", {"content-type": "application/json"}, token_request().body), "invalid_request"),
        (post("/token", {}, token_request().body), "invalid_request"),
        (Request(method="GET", target="/token", headers=()), "invalid_request"),
        (Request(method="POST", target="/token", headers=tuple(FORM.items()), too_long=True), "invalid_request"),
    ],
)
def test_each_fault_of_a_request_has_its_error(bench: Bench, request_: Request, expected: str) -> None:
    assert bench.error(request_) == expected
    assert bench.office.journal.entries[-1].reason == expected


def test_only_the_newest_tokens_are_remembered(bench: Bench) -> None:
    request = token_request()
    tokens = [str(content(bench.oauth(request))["access_token"]) for _ in range(1001)]
    assert bench.oauth.expires_at(tokens[0]) is None
    assert bench.oauth.expires_at(tokens[1]) is not None


def test_neither_assertion_nor_token_is_in_the_journal(bench: Bench) -> None:
    request = token_request()
    token = str(content(bench.oauth(request))["access_token"])
    bench.oauth(token_request(assertion="secret-text"))
    shown = repr(bench.office.journal.entries)
    assert token not in shown
    assert "secret-text" not in shown


@pytest.mark.parametrize(
    ("status", "reason", "error"), [(400, "", "invalid_grant"), (503, "", "internal_failure"), (400, "x", "x")]
)
def test_a_switched_answer_looks_like_googles(status: int, reason: str, error: str) -> None:
    answer = fault(token_request(), status, reason, START)
    assert (answer.status, content(answer)["error"]) == (status, error)
