"""Claims about digest: the sums of the RFCs, and header fields that come back as they were written."""

from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.digest import (
    Algorithm,
    Challenge,
    Credentials,
    algorithm_of,
    authorize,
    ha1,
    parse_challenge,
    parse_credentials,
)
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import decode

# RFC 7616 section 3.9.1
RFC7616 = Challenge(
    realm="http-auth@example.org",
    nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    algorithm=None,
    qop=("auth", "auth-int"),
    opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenge(algorithm: Algorithm, *, qop: tuple[str, ...] = ("auth", "auth-int")) -> Challenge:
    return Challenge(realm=RFC7616.realm, nonce=RFC7616.nonce, algorithm=algorithm, qop=qop, opaque=RFC7616.opaque)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm.SHA256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_vectors_of_rfc_7616(algorithm: Algorithm, response: str) -> None:
    asked = challenge(algorithm)
    text = authorize(
        asked, username="Mufasa", password="Circle of Life", request=("GET", "/dir/index.html"), cnonce=CNONCE
    )
    credentials = parse_credentials(text)
    assert credentials is not None
    assert credentials.response == response
    assert credentials.opaque == RFC7616.opaque
    assert (credentials.qop, credentials.nc, credentials.cnonce) == ("auth", "00000001", CNONCE)
    key = ha1(algorithm, "Mufasa", asked.realm, "Circle of Life")
    assert credentials.expected(key, "GET") == response
    assert credentials.expected(key, "PUT") != response


def test_the_vector_of_rfc_2617() -> None:
    credentials = Credentials(
        username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        uri="/dir/index.html", response="", algorithm=Algorithm.MD5, qop="auth", nc="00000001", cnonce="0a4f113b",
    )  # fmt: skip
    key = ha1(Algorithm.MD5, "Mufasa", "testrealm@host.com", "Circle Of Life")
    assert key == "939e7578ed9e3c518a452acee763bce9"
    assert credentials.expected(key, "GET") == "6629fae49393a05397450978507c4ef1"  # section 3.5


def test_a_peer_without_qop_gets_the_sum_of_rfc_2069() -> None:
    asked = parse_challenge('Digest realm="pbx.test", nonce="n1"')
    assert asked is not None
    assert (asked.algorithm, asked.qop, asked.opaque, asked.stale) == (Algorithm.MD5, (), None, False)
    text = authorize(asked, username="al", password="pw", request=("REGISTER", "sip:pbx.test"), cnonce="c")

    def hashed(plain: str) -> str:
        return md5(plain.encode()).hexdigest()

    expected = hashed(f"{hashed('al:pbx.test:pw')}:n1:{hashed('REGISTER:sip:pbx.test')}")
    assert text == (
        f'Digest username="al", realm="pbx.test", nonce="n1", uri="sip:pbx.test", response="{expected}", algorithm=MD5'
    )


def test_the_sums_take_the_octets_as_they_came() -> None:
    latin = decode("al\xe9".encode("latin-1"))
    assert Algorithm.MD5.hash(latin) == md5(b"al\xe9").hexdigest()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, Algorithm.MD5),
        ("MD5", Algorithm.MD5),
        ("sha-256", Algorithm.SHA256),
        ("SHA-512-256", None),
        ("MD5-sess", None),
        ("", None),
    ],
)
def test_an_algorithm_is_known_by_its_token(name: str | None, expected: Algorithm | None) -> None:
    assert algorithm_of(name) is expected


def test_a_new_challenge_asks_for_auth_and_is_not_stale() -> None:
    asked = Challenge(realm="r", nonce="n", algorithm=Algorithm.SHA256)
    assert str(asked) == 'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"'


def test_the_better_algorithm_is_offered_first() -> None:
    assert list(Algorithm) == [Algorithm.SHA256, Algorithm.MD5]  # RFC 8760 section 2.3


@pytest.mark.parametrize("text", ["Basic YTpi", "Bearer x", "", "Digestive a=1", "digest-x a=1"])
def test_another_scheme_is_none_of_ours(text: str) -> None:
    assert parse_credentials(text) is None
    assert parse_challenge(text) is None


def test_credentials_of_any_spelling_are_read() -> None:
    text = (
        'dIGEST\tUsername="a\\"l",realm = "r, s" ,nonce="", uri="sip:h;x=1", RESPONSE="ABCDEF",\t'
        'algorithm="md5", qop="auth", nc=00000001, cnonce="c", opaque="", auth-param=x'
    )
    assert parse_credentials(text) == Credentials(
        username='a"l', realm="r, s", nonce="", uri="sip:h;x=1", response="abcdef", algorithm=Algorithm.MD5,
        qop="auth", nc="00000001", cnonce="c", opaque="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "stale", "qop"),
    [
        ('Digest realm="r", nonce="n", stale=TRUE, qop="auth,auth-int"', True, ("auth", "auth-int")),
        ('Digest realm="r", nonce="n", stale="true", qop=" AUTH ,"', True, ("auth",)),
        ('Digest realm="r", nonce="n", stale=false, qop=""', False, ()),
    ],
)
def test_a_challenge_of_any_spelling_is_read(text: str, stale: bool, qop: tuple[str, ...]) -> None:
    asked = parse_challenge(text)
    assert asked is not None
    assert (asked.stale, asked.qop) == (stale, qop)


@pytest.mark.parametrize(
    "text",
    [
        "Digest",
        "Digest ",
        "Digest realm",
        "Digest n",
        "Digest opaq",
        "Digest ,",
        'Digest realm="r',
        'Digest realm="r\\',
        'Digest realm="r" nonce',
        'Digest realm="r",',
        'Digest =x, realm="r"',
        'Digest realm="r", REALM="s"',
        'Digest realm="r", nonce="n", Digest realm="s"',
        'Digest username="a"',
    ],
)
def test_digest_that_breaks_the_grammar_or_stops_early_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_credentials(text)
    with pytest.raises(ParseError):
        parse_challenge(text)


@pytest.mark.parametrize("missing", ["username", "realm", "nonce", "uri", "response"])
def test_credentials_need_all_their_parts(missing: str) -> None:
    parts = [f'{name}="x"' for name in ("username", "realm", "nonce", "uri", "response") if name != missing]
    with pytest.raises(ParseError, match=f"lack {missing}"):
        parse_credentials(f"Digest {', '.join(parts)}")


_TEXTS = st.text(max_size=12)
_TOKENS = st.from_regex(r"\A[a-z0-9]{1,8}\Z")
_CHALLENGES = st.builds(
    Challenge,
    realm=_TEXTS,
    nonce=_TEXTS,
    algorithm=st.sampled_from(Algorithm),
    qop=st.sampled_from([("auth",), ("auth", "auth-int"), ()]),
    opaque=st.none() | _TEXTS,
    stale=st.booleans(),
)


@given(_CHALLENGES)
def test_a_written_challenge_is_read_again(asked: Challenge) -> None:
    assert parse_challenge(str(asked)) == asked


@given(_CHALLENGES, _TEXTS, _TEXTS, st.tuples(_TOKENS, _TEXTS), _TEXTS)
def test_an_answered_challenge_satisfies_the_challenger(
    asked: Challenge, username: str, password: str, request: tuple[str, str], cnonce: str
) -> None:
    text = authorize(asked, username=username, password=password, request=request, cnonce=cnonce)
    credentials = parse_credentials(text)
    assert credentials is not None
    assert str(credentials) == text
    assert asked.algorithm is not None
    assert (
        credentials.expected(ha1(asked.algorithm, username, asked.realm, password), request[0]) == credentials.response
    )
    wrong = ha1(asked.algorithm, username, asked.realm, f"{password}x")
    assert credentials.expected(wrong, request[0]) != credentials.response
