"""`POST /me/token`: a device token for the account's digest credentials, as in SIP."""

from __future__ import annotations

import pytest
from tests.api.bed import DOMAIN, EPOCH, FIXED, STORED, Answer, Asker, Bed, device_token, in_bed, signed

from ringwake.sip.digest import Algorithm, authorize, parse_challenge

TOKEN = f"/me/token?account={STORED}"


async def ask_as(phone: Asker, user: str, password: str, target: str = TOKEN) -> Answer:
    credentials = await signed(phone, "POST", target, user=user, password=password)
    return await phone.ask("POST", target, authorization=credentials)


def test_a_phone_is_challenged_in_the_realm_of_its_account() -> None:
    async def test(bed: Bed) -> None:
        answer = await bed.phone().ask("POST", TOKEN)
        assert (answer.status, answer.problem()) == (401, "credentials are wanted")
        challenge = parse_challenge(answer.header("www-authenticate") or "")
        assert challenge is not None
        assert (challenge.realm, challenge.algorithm, challenge.qop) == (DOMAIN, Algorithm.SHA256, ("auth",))

    in_bed(test)


@pytest.mark.parametrize(
    ("user", "password", "account"),
    [
        ("bob", "bob-canary", STORED),
        ("alice", "alice-canary", FIXED),
        ("bob", "bob-canary", "bob@EXAMPLE.com"),
        ("bob", "bob-canary", "bob%40example.com"),
    ],
)
def test_the_right_credentials_get_a_token_for_a_day(user: str, password: str, account: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await ask_as(bed.phone(), user, password, f"/me/token?account={account}")
        assert answer.status == 200, answer.body
        assert answer.header("cache-control") == "no-store"
        assert answer.json()["expires"] == EPOCH + bed.now + 86400

    in_bed(test)


@pytest.mark.parametrize(
    ("user", "password"), [("bob", "wrong"), ("bob", ""), ("eve", "bob-canary"), ("", ""), ("bo\xdf", "x")]
)
def test_wrong_credentials_are_challenged_again(user: str, password: str) -> None:
    async def test(bed: Bed) -> None:
        answer = await ask_as(bed.phone(), user, password)
        assert (answer.status, answer.problem()) == (401, "credentials are wanted")
        assert answer.header("www-authenticate")

    in_bed(test)


def test_an_account_that_is_not_there_looks_like_one_that_is() -> None:
    """Reliability S7: names are not to be found out."""

    async def test(bed: Bed) -> None:
        phone, shapes = bed.phone(), set()
        for account in (STORED, f"nobody@{DOMAIN}"):
            target = f"/me/token?account={account}"
            for answer in (await phone.ask("POST", target), await ask_as(phone, "x", "wrong", target)):
                names = ",".join(name for name, _ in answer.headers)
                shapes.add((answer.status, names, len(answer.header("www-authenticate") or ""), answer.body))
        assert len(shapes) == 1

    in_bed(test)


def test_an_account_gets_no_token_of_another() -> None:
    async def test(bed: Bed) -> None:
        await bed.put("carol@example.net", "carol-canary")
        for account in (FIXED, f"Bob@{DOMAIN}", f"nobody@{DOMAIN}"):
            answer = await ask_as(bed.phone(), "bob", "bob-canary", f"/me/token?account={account}")
            assert (answer.status, answer.problem()) == (403, "the credentials are those of another account")
        answer = await ask_as(bed.phone(), "carol@example.net", "carol-canary", "/me/token?account=carol@example.com")
        assert answer.status == 401, "whose realm is another"

    in_bed(test)


@pytest.mark.parametrize("account", ["", "bob", "bob@elsewhere.net", "@", "%FF"])
def test_an_account_of_no_domain_of_ours_is_not_challenged(account: str) -> None:
    async def test(bed: Bed) -> None:
        for target in (f"/me/token?account={account}", "/me/token"):
            answer = await bed.phone().ask("POST", target)
            assert answer.status == 404
            assert answer.problem() == "say which account: /me/token?account=alice@example.com"

    in_bed(test)


ALMOST = f'Digest username="bob", realm="{DOMAIN}", nonce="x", uri="/", response="y"'


@pytest.mark.parametrize(
    ("credentials", "status"),
    [
        ("Digest", 401),
        ("Digest x", 401),
        ("Bearer abc", 401),
        ("\xff", 401),
        (ALMOST.replace(DOMAIN, "elsewhere.net"), 401),
        (ALMOST, 401),
        (f"{ALMOST}, qop=auth", 400),
        (f'{ALMOST}, qop=auth, nc=1, cnonce="c"', 400),
        (f'{ALMOST}, qop=auth-int, nc=00000001, cnonce="c"', 400),
    ],
)
def test_credentials_that_prove_nothing_prove_nothing(credentials: str, status: int) -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        answer = await phone.ask("POST", TOKEN, authorization=credentials)
        assert answer.status == status
        assert answer.problem()
        assert phone.faults == []

    in_bed(test)


def test_captured_credentials_are_worth_nothing() -> None:
    """Reliability S7."""

    async def test(bed: Bed) -> None:
        phone = bed.phone()
        credentials = await signed(phone, "POST", TOKEN, user="bob", password="bob-canary")
        assert (await phone.ask("POST", TOKEN, authorization=credentials)).status == 200
        answer = await bed.phone("198.51.100.9").ask("POST", TOKEN, authorization=credentials)
        assert answer.status == 401
        challenge = parse_challenge(answer.header("www-authenticate") or "")
        assert challenge is not None
        assert challenge.stale, "and the phone need not ask its user"

    in_bed(test)


def test_credentials_of_a_register_are_none_here() -> None:
    """The method is signed, so what was sent over SIP in the clear opens nothing."""

    async def test(bed: Bed) -> None:
        phone = bed.phone()
        challenge = parse_challenge((await phone.ask("POST", TOKEN)).header("www-authenticate") or "")
        assert challenge is not None
        request = ("REGISTER", f"sip:{DOMAIN}")
        credentials = authorize(challenge, username="bob", password="bob-canary", request=request, cnonce="c")
        assert (await phone.ask("POST", TOKEN, authorization=credentials)).status == 401

    in_bed(test)


def test_too_many_wrong_passwords_turn_an_address_away_for_a_while() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        for _ in range(3):
            assert (await ask_as(phone, "bob", "wrong")).status == 401
        answer = await phone.ask("POST", TOKEN)
        assert (answer.status, answer.problem()) == (429, "too many failed attempts from this address")
        seconds = int(answer.header("retry-after") or "")
        assert 0 < seconds <= 60
        assert answer.header("www-authenticate") is None
        await device_token(bed.phone("198.51.100.1"))
        bed.now += seconds
        await device_token(phone)

    in_bed(test)


def test_wrong_passwords_count_together_with_those_of_sip() -> None:
    async def test(bed: Bed) -> None:
        for _ in range(3):
            bed.backend.limit.failed("203.0.113.9", bed.now)
        assert (await bed.phone().ask("POST", TOKEN)).status == 429

    in_bed(test)


def test_challenges_replays_and_right_passwords_are_no_failures() -> None:
    async def test(bed: Bed) -> None:
        phone = bed.phone()
        credentials = await signed(phone, "POST", TOKEN, user="bob", password="bob-canary")
        for _ in range(10):
            await phone.ask("POST", TOKEN)
            await phone.ask("POST", TOKEN, authorization=credentials)
            await ask_as(phone, "bob", "bob-canary", f"/me/token?account={FIXED}")
        await device_token(phone)

    in_bed(test)


def test_a_phone_without_an_address_is_answered_too() -> None:
    """ASGI servers on a unix socket know none."""

    async def test(bed: Bed) -> None:
        assert (await bed.phone("").ask("POST", TOKEN)).status == 401

    in_bed(test)
