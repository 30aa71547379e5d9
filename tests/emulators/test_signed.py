"""Claims about reading and verifying signed tokens; PyJWT signs them."""

from base64 import urlsafe_b64encode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ringwake.emulators.signed import TokenError, base64url, is_signed_by, read_token

EC_KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(("key", "algorithm"), [(EC_KEY, "ES256"), (RSA_KEY, "RS256")])
def test_what_its_key_has_signed_is_verified(key: ec.EllipticCurvePrivateKey, algorithm: str) -> None:
    token = read_token(jwt.encode({"iss": "me", "iat": 5}, key, algorithm, headers={"kid": "K", "extra": "x"}))
    assert is_signed_by(token, key.public_key())
    assert (token.key_id, token.word("iss"), token.seconds("iat")) == ("K", "me", 5.0)


def test_what_another_has_signed_is_not() -> None:
    token = read_token(jwt.encode({}, EC_KEY, "ES256"))
    assert not is_signed_by(token, OTHER_KEY.public_key())
    assert not is_signed_by(token, RSA_KEY.public_key())


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = jwt.encode({"iss": "me"}, EC_KEY, "ES256").split(".")
    changed = ".".join([head, part('{"iss":"you"}'), signature])
    assert not is_signed_by(read_token(changed), EC_KEY.public_key())


@pytest.mark.parametrize("algorithm", ['"none"', '"HS256"', "5", "null", "[1]", "{}", '"ES384"'])
def test_no_algorithm_but_the_keys_own_is_taken(algorithm: str) -> None:
    _, claims, signature = jwt.encode({}, EC_KEY, "ES256").split(".")
    token = read_token(".".join([part('{"alg":' + algorithm + "}"), claims, signature]))
    assert not is_signed_by(token, EC_KEY.public_key())


def test_claims_of_the_wrong_type_count_as_missing() -> None:
    token = read_token(jwt.encode({"iss": "me", "n": True, "t": "5", "aud": ["x"]}, EC_KEY, "ES256"))
    assert (token.seconds("n"), token.seconds("t"), token.word("aud"), token.key_id) == (None, None, "", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "a..c",
        "....",
        f"{part('{}')}.{part('[]')}.x",
        f"{part('5')}.{part('{}')}.x",
        f"{part('{')}.{part('{}')}.x",
        f"{part('[' * 4000)}.{part('{}')}.x",
        f"=={part('{}')}.{part('{}')}.x",
        f"{part('{}')}+.{part('{}')}.x",
        f"{part('{}')}é.{part('{}')}.x",
        f"{'e' * 9000}.{part('{}')}.x",
    ],
)
def test_what_is_no_token_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(TokenError) as caught:
        read_token(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", ["AQID", "AQI", "_-8", ""])
def test_base64url_is_read_without_padding(text: str) -> None:
    assert urlsafe_b64encode(base64url(text)).decode().rstrip("=") == text


@pytest.mark.parametrize("text", ["AQI=", "A", "AQ ID", "+/==", "AQ\n"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        base64url(text)
