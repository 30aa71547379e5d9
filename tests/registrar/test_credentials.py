"""Claims about digest: who knows the password is let in, once for each count, and nobody else learns anything."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import request

from ringwake.model.account import Account, Aor
from ringwake.registrar import credentials
from ringwake.registrar.credentials import NONCE_SECONDS, Authentication, Authenticator, Verdict
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, Challenge, Credentials, authorize, ha1, parse_challenge
from ringwake.sip.errors import ParseError
from ringwake.store.keys import KeyRing

REALM = "example.com"
WALL = 1_800_000_000.0
RIGHT, NONE, STALE, WRONG = Verdict.RIGHT, Verdict.NONE, Verdict.STALE, Verdict.WRONG


def account(user: str, realm: str, password: str) -> Account:
    return Account(
        aor=Aor(f"{user}@{realm}"),
        tenant=realm,
        ha1_md5=Secret(ha1(Algorithm.MD5, user, realm, password)),
        ha1_sha256=Secret(ha1(Algorithm.SHA256, user, realm, password)),
    )


ALICE = account("alice", REALM, "secret")


class Door:
    """An authenticator, and one phone that asks to be let in."""

    def __init__(self, *algorithms: Algorithm) -> None:
        self.authenticator = Authenticator(
            seal=KeyRing([Secret(b"k" * 32)]), ids=SeededIds(Random(1)), algorithms=algorithms or tuple(Algorithm)
        )
        self.accounts = {"alice": ALICE}

    def challenges(self, wall: float = WALL, *, is_stale: bool = False) -> list[Challenge]:
        texts = self.authenticator.challenges(REALM, wall, is_stale=is_stale)
        return [challenge for text in texts if (challenge := parse_challenge(text)) is not None]

    def nonce(self, wall: float = WALL) -> str:
        return self.challenges(wall)[0].nonce

    def check(self, *fields: str, wall: float = WALL, method: str = "REGISTER") -> Authentication:
        message = request(method, *fields)
        return self.authenticator.check(message, "authorization", REALM, find=self.accounts.get, wall=wall)

    def verdict(self, *fields: str, wall: float = WALL) -> Verdict:
        return self.check(*fields, wall=wall).verdict


def given(nonce: str, **changes: str | None) -> Credentials:
    """Return alice's credentials; the response is right for whatever is changed, unless it is changed itself."""
    draft = Credentials(
        username="alice",
        realm=REALM,
        nonce=nonce,
        uri="sip:example.com",
        response="",
        algorithm=Algorithm.SHA256,
        qop="auth",
        nc="00000001",
        cnonce="c",
    )
    draft = replace(draft, **{name: text for name, text in changes.items() if name != "response"})  # type: ignore[arg-type]
    right = draft.expected(ha1(Algorithm.SHA256, draft.username, draft.realm, "secret"), "REGISTER")
    return replace(draft, response=changes.get("response") or right)


def field(nonce: str, **changes: str | None) -> str:
    return f"Authorization: {given(nonce, **changes)}"


# ---- challenges


def test_the_best_algorithm_is_offered_first_and_basic_never() -> None:
    offered = Door().challenges()
    assert [challenge.algorithm for challenge in offered] == [Algorithm.SHA256, Algorithm.MD5]
    assert {challenge.realm for challenge in offered} == {REALM}
    assert {challenge.qop for challenge in offered} == {("auth",)}
    assert len({challenge.nonce for challenge in offered}) == 1


def test_what_is_offered_and_in_which_order_may_be_chosen() -> None:
    """For phones that read the first challenge only, or to be rid of MD5 (RFC 8760 section 3)."""
    old_phones = Door(Algorithm.MD5, Algorithm.SHA256).challenges()
    assert [challenge.algorithm for challenge in old_phones] == [Algorithm.MD5, Algorithm.SHA256]
    assert [challenge.algorithm for challenge in Door(Algorithm.SHA256).challenges()] == [Algorithm.SHA256]


def test_an_algorithm_that_is_not_offered_proves_nothing() -> None:
    door = Door(Algorithm.MD5)
    assert door.verdict(field(door.nonce())) is Verdict.NONE
    door = Door(Algorithm.SHA256)
    assert door.verdict(field(door.nonce())) is Verdict.RIGHT


def test_every_challenge_has_a_nonce_of_its_own_and_says_if_the_last_was_stale() -> None:
    door = Door()
    assert door.nonce() != door.nonce()
    assert [challenge.stale for challenge in door.challenges(is_stale=True)] == [True, True]
    assert [challenge.stale for challenge in door.challenges()] == [False, False]


# ---- who is let in


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_who_answers_the_challenge_is_let_in(algorithm: Algorithm) -> None:
    door = Door()
    (challenge,) = (each for each in door.challenges() if each.algorithm is algorithm)
    text = authorize(challenge, username="alice", password="secret", request=("REGISTER", "sip:x"), cnonce="c")
    found = door.check(f"Authorization: {text}")
    assert (found.verdict, found.account) == (RIGHT, ALICE)


RFC_7616 = (
    'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
    'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{}", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_2617 = (
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1"'
)


@pytest.mark.parametrize(
    ("realm", "password", "text"),
    [
        ("http-auth@example.org", "Circle of Life", RFC_7616.format("MD5", "8ca523f5e9506fed4657c9700eebdbec")),
        (
            "http-auth@example.org",
            "Circle of Life",
            RFC_7616.format("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ),
        ("testrealm@host.com", "Circle Of Life", RFC_2617),
    ],
)
def test_the_sums_are_those_of_the_rfcs(realm: str, password: str, text: str) -> None:
    # Their nonces are not ours, so right is stale here, and wrong is wrong.
    mufasa = account("Mufasa", realm, password)
    check = Door().authenticator.check
    for altered, verdict in ((text, STALE), (text.replace('response="', 'response="0'), WRONG)):
        message = request("GET", f"Proxy-Authorization: {altered}")
        found = check(message, "proxy-authorization", realm, find=lambda _: mufasa, wall=WALL)
        assert (found.verdict, found.account) == (verdict, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"response": "0" * 64},
        {"response": "short"},
        {"response": "\udcff\udcfe"},
        {"username": "nobody"},
        {"username": "nobody", "response": "0" * 64},
        {"uri": "sip:elsewhere", "response": "1" * 64},
    ],
)
def test_a_wrong_password_and_a_wrong_name_get_the_same_verdict(changes: dict[str, str]) -> None:
    door = Door()
    found = door.check(field(door.nonce(), **changes))
    assert (found.verdict, found.account) == (WRONG, None)


def test_a_name_that_does_not_exist_is_never_right_whatever_it_sends() -> None:
    door = Door()
    draft = given(door.nonce(), username="nobody")
    guess = draft.expected("0" * 32, "REGISTER")  # what stands in for a password that does not exist
    assert door.verdict(f"Authorization: {replace(draft, response=guess)}") is WRONG


def test_the_method_and_the_uri_are_part_of_the_sum() -> None:
    door = Door()
    nonce = door.nonce()
    assert door.check(field(nonce), method="INVITE").verdict is WRONG
    assert door.verdict(field(nonce).replace("sip:example.com", "sip:example.net")) is WRONG


def test_a_response_in_capitals_is_as_good() -> None:
    door = Door()
    nonce = door.nonce()
    draft = given(nonce)
    assert door.verdict(f"Authorization: {replace(draft, response=draft.response.upper())}") is RIGHT


# ---- which credentials count


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["Authorization: Basic YWxpY2U6c2VjcmV0"],
        ["Authorization: Bearer x"],
        ["Authorization: "],
        ["Authorization: Digest"],
        ["Authorization: Digest realm"],
        ['Authorization: Digest username="alice", realm="example.com", nonce="n", uri="sip:x"'],
        ['Authorization: Digest username="alice", realm="other.net", nonce="n", uri="u", response="r"'],
        ['Authorization: Digest username="alice", realm="example.com", nonce="n", uri="u", response="r", algorithm=X'],
        ['Proxy-Authorization: Digest username="alice", realm="example.com", nonce="n", uri="u", response="r"'],
    ],
)
def test_what_proves_nothing_is_challenged(fields: list[str]) -> None:
    assert Door().verdict(*fields) is NONE


def test_the_credentials_for_our_realm_are_found_among_others() -> None:
    door = Door()
    others = [
        'Authorization: Digest username="alice", realm="other.net", nonce="n", uri="u", response="r"',
        "Authorization: Digest x",
        field(door.nonce()).replace("SHA-256", "SHA-512-256"),
    ]
    assert door.verdict(*others, field(door.nonce()), 'Authorization: Digest realm="example.com"') is RIGHT


def test_a_realm_is_a_domain_and_compares_without_case() -> None:
    door = Door()
    assert door.verdict(field(door.nonce()).replace('realm="example.com"', 'realm="EXAMPLE.com"')) is RIGHT


@pytest.mark.parametrize(
    "changes",
    [
        {"qop": "auth-int"},
        {"qop": "AUTH"},
        {"nc": "1"},
        {"nc": "0000000g"},
        {"nc": "000000001"},
        {"nc": "\u0661" * 8},
        {"cnonce": ""},
    ],
)
def test_a_qop_that_is_not_plain_auth_with_its_count_is_malformed(changes: dict[str, str]) -> None:
    door = Door()
    with pytest.raises(ParseError) as caught:
        door.verdict(field(door.nonce(), **changes))
    assert caught.value.status == 400


@pytest.mark.parametrize("missing", ["nc=00000001", 'cnonce="c"'])
def test_a_qop_without_its_count_is_malformed(missing: str) -> None:
    door = Door()
    with pytest.raises(ParseError):
        door.verdict(field(door.nonce()).replace(f", {missing}", ""))


# ---- how long and how often


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        (0.0, RIGHT),
        (NONCE_SECONDS, RIGHT),
        (NONCE_SECONDS + 0.5, STALE),
        (86400.0, STALE),
        (-60.0, RIGHT),  # the clock was put back a little
        (-61.0, STALE),
    ],
)
def test_a_nonce_is_good_for_its_time(later: float, verdict: Verdict) -> None:
    door = Door()
    assert door.verdict(field(door.nonce()), wall=WALL + later) is verdict


def test_a_stale_nonce_does_not_excuse_a_wrong_password() -> None:
    door = Door()
    late = WALL + 2 * NONCE_SECONDS
    assert door.verdict(field(door.nonce(), response="0" * 64), wall=late) is WRONG
    assert door.verdict(field(door.nonce(), username="nobody"), wall=late) is WRONG


@pytest.mark.parametrize("nonce", ["", "x", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "\xe9"])
def test_a_nonce_that_we_did_not_make_is_stale(nonce: str) -> None:
    assert Door().verdict(field(nonce)) is STALE


def counts(door: Door, nonce: str, *numbers: int) -> list[Verdict]:
    return [door.verdict(field(nonce, nc=f"{number:08x}")) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "verdicts"),
    [
        ([1, 2, 3], [RIGHT, RIGHT, RIGHT]),
        ([1, 1], [RIGHT, STALE]),
        ([5, 3, 4, 3, 5, 6], [RIGHT, RIGHT, RIGHT, STALE, STALE, RIGHT]),
        ([0], [STALE]),
        ([64, 1, 1], [RIGHT, RIGHT, STALE]),
        ([65, 1, 2], [RIGHT, STALE, RIGHT]),  # older than the window of 64: nobody can tell
        ([1, 0xFFFFFFFF, 1, 0xFFFFFFFF, 0xFFFFFFFE], [RIGHT, RIGHT, STALE, STALE, RIGHT]),
        ([1, 65, 1, 2], [RIGHT, RIGHT, STALE, RIGHT]),
    ],
)
def test_each_count_of_a_nonce_is_good_once(numbers: list[int], verdicts: list[Verdict]) -> None:
    door = Door()
    assert counts(door, door.nonce(), *numbers) == verdicts


def test_a_leap_in_the_count_costs_no_memory() -> None:
    door = Door()
    nonce = door.nonce()
    counts(door, nonce, 1)
    tracemalloc.start()
    try:
        assert counts(door, nonce, 0xFFFFFFFF) == [RIGHT]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_count_that_was_refused_is_not_used_up() -> None:
    door = Door()
    nonce = door.nonce()
    assert door.verdict(field(nonce, response="0" * 64)) is WRONG
    assert door.verdict(field(nonce)) is RIGHT


def test_without_qop_a_nonce_is_good_once() -> None:
    door = Door()
    plain = {"qop": None, "nc": None, "cnonce": None}
    nonce = door.nonce()
    assert [door.verdict(field(nonce, **plain)) for _ in range(2)] == [RIGHT, STALE]
    assert door.verdict(field(door.nonce(), **plain)) is RIGHT


def test_a_nonce_outlives_a_restart() -> None:
    assert Door().verdict(field(Door().nonce())) is RIGHT


def test_of_too_many_nonces_the_oldest_go_and_are_good_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "MAX_NONCES", 3)
    door = Door()
    nonces = [door.nonce(WALL + number) for number in range(5)]
    unused = [door.nonce(WALL + 0.5), door.nonce(WALL + 1.5)]
    assert [door.verdict(field(nonce), wall=WALL + 9) for nonce in nonces[:4]] == [RIGHT] * 4
    # The first had to go: it, and what was made before it, could be replayed now.
    assert counts(door, nonces[0], 1, 2) == [STALE, STALE]
    assert counts(door, nonces[1], 1, 2) == [STALE, RIGHT]
    assert door.verdict(field(unused[0]), wall=WALL + 9) is RIGHT
    assert counts(door, nonces[1], 3) == [STALE]
    assert door.verdict(field(unused[1]), wall=WALL + 9) is RIGHT
    assert door.verdict(field(door.nonce(WALL + 9)), wall=WALL + 9) is RIGHT


def test_the_account_is_asked_for_by_the_name_that_was_given() -> None:
    door = Door()
    asked: list[str] = []
    message = request("REGISTER", field(door.nonce(), username="bob@example.com"))
    found = door.authenticator.check(message, "authorization", REALM, find=asked.append, wall=WALL)
    assert (found.verdict, asked) == (WRONG, ["bob@example.com"])
