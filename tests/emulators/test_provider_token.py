"""Claims about APNs token authentication."""

import json
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.emulators.bench import START, ManualClock

from ringwake.emulators.exchange import Peer
from ringwake.emulators.provider_token import ProviderKey, ProviderTokens
from ringwake.emulators.refusal import RefusedError

KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("A1", "A2", "B1", "SANDBOX")}
TEAMS = {"A1": "TEAMA", "A2": "TEAMA", "B1": "TEAMB", "SANDBOX": "TEAMC"}
MINUTE = 60


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.tokens = ProviderTokens([self.key("A1"), self.key("A2")], self.clock)
        self.tokens.trust(self.key("B1"))
        self.tokens.trust(self.key("SANDBOX", "sandbox"))
        self.peer = Peer(1)

    @staticmethod
    def key(name: str, environment: str = "") -> ProviderKey:
        return ProviderKey(key_id=name, team=TEAMS[name], key=KEYS[name].public_key(), environment=environment)

    def signed(self, key: str = "A1", **claims: object) -> str:
        content = {"iss": TEAMS[key], "iat": int(self.clock.wall())} | claims
        # PyJWS, since PyJWT minds what the claims are
        return "bearer " + jwt.PyJWS().encode(json.dumps(content).encode(), KEYS[key], "ES256", headers={"kid": key})

    def reason(self, authorization: str | None, peer: Peer | None = None) -> str:
        try:
            self.tokens.check(peer or self.peer, authorization)
        except RefusedError as error:
            return error.reason
        return ""


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_good_token_names_its_team(bench: Bench) -> None:
    assert bench.tokens.check(bench.peer, bench.signed()) == "TEAMA"


def test_the_scheme_may_be_written_in_any_case(bench: Bench) -> None:
    assert bench.reason(bench.signed().replace("bearer", "Bearer")) == ""


def with_header(**header: object) -> Callable[[Bench], str]:
    def make(bench: Bench) -> str:
        content = {"iss": "TEAMA", "iat": int(bench.clock.wall())}
        return "bearer " + jwt.encode(content, KEYS["A1"], "ES256", headers={"kid": "A1"} | header)

    return make


def always(authorization: str | None) -> Callable[[Bench], str | None]:
    return lambda _: authorization


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (always(None), "MissingProviderToken"),
        (always("basic abc"), "InvalidProviderToken"),
        (always("bearer abc"), "InvalidProviderToken"),
        (always("bearer"), "InvalidProviderToken"),
        (always(""), "InvalidProviderToken"),
        (with_header(kid="ZZ"), "InvalidProviderToken"),
        (with_header(kid="A2"), "InvalidProviderToken"),
        (always("bearer " + jwt.encode({"iss": "TEAMA"}, "x" * 32, "HS256", headers={"kid": "A1"})),
         "InvalidProviderToken"),
        (lambda bench: bench.signed(iss="TEAMB"), "InvalidProviderToken"),
        (lambda bench: bench.signed(iss=5), "InvalidProviderToken"),
        (lambda bench: bench.signed(iat="now"), "InvalidProviderToken"),
        (lambda bench: bench.signed(iat=int(START) + 61), "InvalidProviderToken"),
        (lambda bench: bench.signed(iat=int(START) + 59), ""),
        (lambda bench: bench.signed(iat=int(START) - 3600), ""),
        (lambda bench: bench.signed(iat=int(START) - 3601), "ExpiredProviderToken"),
        (lambda bench: bench.signed("SANDBOX"), "BadEnvironmentKeyIdInToken"),
    ],
)  # fmt: skip
def test_each_fault_of_a_token_has_its_reason(bench: Bench, make: Callable[[Bench], str | None], reason: str) -> None:
    assert bench.reason(make(bench)) == reason


def test_a_connection_belongs_to_one_team_and_one_key(bench: Bench) -> None:
    bench.tokens.renewal_seconds = 0
    assert bench.reason(bench.signed("A1")) == ""
    assert bench.reason(bench.signed("B1")) == "InvalidProviderToken"
    assert bench.reason(bench.signed("A2")) == "UnrelatedKeyIdInToken"
    assert bench.reason(bench.signed("A2"), Peer(2)) == ""
    assert bench.reason(bench.signed("B1"), Peer(3)) == ""


def test_a_refused_token_does_not_claim_the_connection(bench: Bench) -> None:
    assert bench.reason(bench.signed("B1", iat=0)) == "ExpiredProviderToken"
    assert bench.reason(bench.signed("A1")) == ""


def test_a_token_lasts_an_hour(bench: Bench) -> None:
    token = bench.signed()
    assert bench.reason(token) == ""
    bench.clock.advance(60 * MINUTE)
    assert bench.reason(token) == ""
    bench.clock.advance(1)
    assert bench.reason(token) == "ExpiredProviderToken"
    assert bench.reason(bench.signed()) == ""


def test_a_team_may_show_a_new_token_every_twenty_minutes(bench: Bench) -> None:
    first = bench.signed()
    assert bench.reason(first) == ""
    bench.clock.advance(20 * MINUTE - 1)
    assert bench.reason(bench.signed(), Peer(2)) == "TooManyProviderTokenUpdates"
    assert bench.reason(first) == ""
    bench.clock.advance(1)
    assert bench.reason(bench.signed()) == ""
    assert bench.reason(first) == ""


def test_the_keys_of_a_team_count_together_and_teams_apart(bench: Bench) -> None:
    assert bench.reason(bench.signed("A1")) == ""
    assert bench.reason(bench.signed("A2"), Peer(2)) == "TooManyProviderTokenUpdates"
    assert bench.reason(bench.signed("B1"), Peer(3)) == ""


def test_a_connection_with_a_token_too_many_is_unusable_until_the_time_has_passed(bench: Bench) -> None:
    first = bench.signed()
    assert bench.reason(first) == ""
    bench.clock.advance(MINUTE)
    assert bench.reason(bench.signed()) == "TooManyProviderTokenUpdates"
    assert bench.reason(first) == "TooManyProviderTokenUpdates"
    assert bench.reason(first, Peer(2)) == ""
    bench.clock.advance(19 * MINUTE)
    assert bench.reason(first) == ""


def test_the_interval_can_be_shortened(bench: Bench) -> None:
    bench.tokens.renewal_seconds = 0
    for _ in range(1100):
        bench.clock.advance(1)
        assert bench.reason(bench.signed(), Peer(1)) == ""
