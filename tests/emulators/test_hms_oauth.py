"""Claims about Huawei's token endpoint."""

import json
from urllib.parse import urlencode

import pytest
from tests.emulators.bench import START, ManualClock
from tests.emulators.offices import make_office, post

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.hms_oauth import PATH, HmsOAuth, fault

APP, SECRET = "100000001", "0a" * 32
GOOD = {"grant_type": "client_credentials", "client_id": APP, "client_secret": SECRET}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Bench:
    def __init__(self) -> None:
        self.office = make_office(ManualClock())
        self.oauth = HmsOAuth(self.office, app=APP, secret=SECRET)

    def ask(self, **changes: str) -> Response:
        return self.oauth(post(PATH, FORM, urlencode(GOOD | changes).encode()))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_app_id_and_secret_are_worth_a_token_for_an_hour(bench: Bench) -> None:
    answer = bench.ask()
    granted = json.loads(answer.body)
    assert (answer.status, granted["expires_in"], granted["token_type"]) == (200, 3600, "Bearer")
    assert bench.oauth.expires_at(granted["access_token"]) == START + 3600
    assert bench.oauth.expires_at("another") is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_secret": "\u00e9"}, "invalid_client"),
        ({"client_id": "100000002"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_each_fault_has_its_reason(bench: Bench, changes: dict[str, str], reason: str) -> None:
    answer = bench.ask(**changes)
    content = json.loads(answer.body)
    assert (answer.status, content["error"], content["error_description"]) == (400, 1101, reason)
    assert bench.office.journal.entries[-1].reason == reason


def test_it_is_asked_by_post(bench: Bench) -> None:
    assert bench.oauth(Request(method="GET", target=PATH, headers=())).status == 400


def test_only_the_newest_tokens_are_remembered(bench: Bench) -> None:
    tokens = [json.loads(bench.ask().body)["access_token"] for _ in range(1001)]
    assert bench.oauth.expires_at(tokens[0]) is None
    assert bench.oauth.expires_at(tokens[1]) is not None


def test_neither_secret_nor_token_is_in_the_journal(bench: Bench) -> None:
    token = json.loads(bench.ask().body)["access_token"]
    bench.ask(client_secret="guess-of-a-secret")
    shown = repr(bench.office.journal.entries)
    assert token not in shown
    assert SECRET not in shown
    assert "guess" not in shown


@pytest.mark.parametrize(
    ("status", "reason", "said"), [(400, "", "invalid_client"), (503, "", "internal_failure"), (400, "x", "x")]
)
def test_a_switched_answer_looks_like_huaweis(status: int, reason: str, said: str) -> None:
    answer = fault(post(PATH, {}, b""), status, reason, START)
    assert (answer.status, json.loads(answer.body)["error_description"]) == (status, said)
