"""The tokens that say who we are: what they hold, how long they are kept, how seldom they change."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.push.samples import NOW, Clock, key_pem

from ringwake.push.errors import CredentialsError
from ringwake.push.provider_jwt import VAPID_ORIGINS, ProviderToken, Vapid, load_key, public_text
from ringwake.secret import Secret

KEY = generate_private_key(SECP256R1())
MINUTE = 60.0


def provider_token(clock: Clock) -> ProviderToken:
    return ProviderToken(team="TEAM123456", key_id="KEY1234567", key=KEY, wall=clock)


def claims(token: str, **options: Any) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(
        token, KEY.public_key(), algorithms=["ES256"], options={"verify_exp": False, "verify_iat": False}, **options
    )
    return decoded


def test_a_p8_file_is_read() -> None:
    assert load_key(key_pem()).curve.name == "secp256r1"


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n",
        generate_private_key(SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["empty", "damaged", "P-384", "RSA"],
)
def test_what_is_no_such_key_is_refused_without_showing_it(pem: bytes) -> None:
    with pytest.raises(CredentialsError) as caught:
        load_key(Secret(pem))
    assert "BEGIN" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_apns_token_says_what_apple_asks_for() -> None:
    token = provider_token(Clock()).current()
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": "KEY1234567", "typ": "JWT"}
    assert claims(token) == {"iss": "TEAM123456", "iat": int(NOW)}


@pytest.mark.parametrize(
    ("team", "key_id"), [("", "KEY1234567"), ("TEAM123456", "key1234567"), ("TEAM\r\n1234", "K" * 10)]
)
def test_ids_that_are_none_are_refused(team: str, key_id: str) -> None:
    with pytest.raises(CredentialsError, match="ten"):
        ProviderToken(team=team, key_id=key_id, key=KEY, wall=Clock())


def test_one_token_serves_for_fifty_minutes() -> None:
    clock = Clock()
    source = provider_token(clock)
    first = source.current()
    clock.now += 50 * MINUTE - 1
    assert source.current() == first
    clock.now += 1
    second = source.current()
    assert second != first
    assert claims(second)["iat"] == int(clock.now)


def test_a_clock_that_is_set_back_makes_a_new_token() -> None:
    clock = Clock()
    source = provider_token(clock)
    first = source.current()
    clock.now -= 200
    assert source.current() == first
    clock.now -= 7200
    assert claims(source.current())["iat"] == int(clock.now)


def test_a_refused_token_is_renewed_once_for_all_who_were_refused() -> None:
    clock = Clock()
    source = provider_token(clock)
    refused = source.current()
    clock.now += 20 * MINUTE
    renewed = {source.renew(refused) for _ in range(1000)}
    assert len(renewed) == 1
    assert renewed != {refused}
    assert source.current() in renewed


def test_a_token_is_never_renewed_within_twenty_minutes() -> None:
    clock = Clock()
    source = provider_token(clock)
    refused = source.current()
    clock.now += 20 * MINUTE - 1
    assert source.renew(refused) is None
    assert source.current() == refused


def test_a_wrong_clock_is_corrected_by_the_providers() -> None:
    clock = Clock()
    source = provider_token(clock)
    refused = source.current()
    renewed = source.renew(refused, skew=7200.0)
    assert renewed is not None
    assert claims(renewed)["iat"] == int(NOW) + 7200
    assert source.current() == renewed
    assert source.renew(renewed, skew=7200.0) is None, "the correction was not the reason"
    clock.now += 50 * MINUTE
    assert claims(source.current())["iat"] == int(clock.now) + 7200


def test_a_vapid_header_says_what_rfc_8292_asks_for() -> None:
    vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=Clock())
    text = vapid.authorization("https://push.example.net")
    scheme, token, key = text.split(" ")
    assert (scheme, key) == ("vapid", f"k={public_text(KEY)}")
    assert claims(token.removeprefix("t=").removesuffix(","), audience="https://push.example.net") == {
        "aud": "https://push.example.net",
        "exp": int(NOW) + 12 * 3600,
        "sub": "mailto:ops@example.com",
    }


def test_the_public_key_is_an_uncompressed_point() -> None:
    text = public_text(KEY)
    assert len(text) == 87
    assert text.startswith("B")


def test_each_origin_has_a_token_of_its_own_for_eleven_hours() -> None:
    clock = Clock()
    vapid = Vapid(key=KEY, subject="https://example.com/contact", wall=clock)
    first, other = vapid.authorization("https://a.example"), vapid.authorization("https://b.example")
    assert first != other
    clock.now += 11 * 3600 - 1
    assert vapid.authorization("https://a.example") == first
    clock.now += 1
    assert vapid.authorization("https://a.example") != first


def test_vapid_survives_a_clock_that_is_set_back() -> None:
    clock = Clock()
    vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=clock)
    first = vapid.authorization("https://a.example")
    clock.now -= 48 * 3600
    assert vapid.authorization("https://a.example") != first, "it would be valid for over 24 hours"


def test_the_number_of_origins_is_bounded_and_the_used_ones_stay() -> None:
    vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=Clock())
    kept = vapid.authorization("https://kept.example")
    for number in range(VAPID_ORIGINS + 10):
        vapid.authorization(f"https://{number}.example")
        if number % 100 == 0:
            assert vapid.authorization("https://kept.example") == kept
    assert len(vapid._signed) == VAPID_ORIGINS


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "ops@example.com",
        "mailto: ops@example.com",
        "mailto:<ops@example.com>",
        "mailto:ops@localhost",
        "http://x.example/",
        "https://localhost/",
        "mailto:ops@example.com\n",
    ],
)
def test_a_subject_that_apple_would_refuse_is_refused_at_once(subject: str) -> None:
    with pytest.raises(CredentialsError, match="subject"):
        Vapid(key=KEY, subject=subject, wall=Clock())
