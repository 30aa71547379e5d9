"""Which endpoint URLs are taken from a phone at all (reliability S14)."""

import pytest

from ringwake.push.errors import CredentialsError, UnsendableError
from ringwake.push.transport.endpoint import ANY_SERVICE, SERVICES, EndpointPolicy

LISTED = [
    "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf4O-byuxb_wJsKRaKvV",
    "https://fcm.googleapis.com/wp/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf4O",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABnr_q",
    "https://web.push.apple.com/QOGgtBqtHrJ6f8zMGpmjMvOxp7pcyE",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2bGx%3d",
    "https://FCM.googleapis.com:443/fcm/send/x",
]
# What a stranger may try: forms that readers of URLs take differently, and what is inside the house.
MALFORMED = [
    "http://fcm.googleapis.com/fcm/send/x",
    "HTTPS://fcm.googleapis.com/fcm/send/x",
    "ftp://fcm.googleapis.com/",
    "file:///dev/random",
    "//fcm.googleapis.com/x",
    "https:/fcm.googleapis.com/x",
    "https:///fcm.googleapis.com/x",
    "https://fcm.googleapis.com",
    "https://fcm.googleapis.com?x",
    "https://fcm.googleapis.com./x",
    "https://.fcm.googleapis.com/x",
    "https://fcm..googleapis.com/x",
    "https://user@fcm.googleapis.com/x",
    "https://user:pass@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@127.0.0.1/x",
    "https://fcm.googleapis.com#@127.0.0.1/",
    "https://fcm.googleapis.com\\@127.0.0.1/",
    "https://fcm.googleapis.com:443@127.0.0.1/",
    "https://fcm.googleapis.com/x#fragment",
    "https://fcm.googleapis.com/x y",
    "https://fcm.googleapis.com/x\r\nHost: localhost",
    "https://fcm.googleapis.com/x\n",
    "https://fcm.googleapis.com/x\0",
    "https://fcm.googleapis.com/\u2028",
    "https://fcm.googleapis.com/x\\y",
    "https://fcm.googleapis.com/<x>",
    'https://fcm.googleapis.com/"x"',
    "https://fcm.googleapis.com:/x",
    "https://fcm.googleapis.com:0/x",
    "https://fcm.googleapis.com:0443/x",
    "https://fcm.googleapis.com:65536/x",
    "https://fcm.googleapis.com:99999999/x",
    "https://fcm.googleapis.com:-1/x",
    "https://fcm.googleapis.com:\uff14\uff14\uff13/x",
    "https://fcm%2egoogleapis.com/x",
    "https://ﬀcm.googleapis.com/x",
    "https://fcm。googleapis.com/x",
    "https://127.1/x",
    "https://0177.0.0.1/x",
    "https://0x7f.0.0.1/x",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://127.0.0.1.1/x",
    "https://256.0.0.1/x",
    "https://foo.1/x",
    "https://[::1%25lo]/x",
    "https://[::1/x",
    "https://[127.0.0.1]/x",
    "https://[:::]/x",
    "https://[1::2::3]/x",
    "https://[::ffff:127.0.0.256]/x",
    "https://[12345::]/x",
    "https://[v1.x]/x",
    "https://::1/x",
    "https:///x",
    "https://",
    "",
    "https://fcm.googleapis.com/" + "x" * 4096,
]
NOT_LISTED = [
    "https://example.com/x",
    "https://localhost/x",
    "https://127.0.0.1/x",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/x",
    "https://[::1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://metadata.google.internal/x",
    "https://xn--fcm-googleapis-com-x.example/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil-fcm.googleapis.com/x",
    "https://evilpush.apple.com/x",
    "https://push.apple.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:22/x",
]


@pytest.mark.parametrize("url", LISTED)
def test_the_browsers_services_are_taken(url: str) -> None:
    endpoint = EndpointPolicy().check(url)
    assert endpoint.port == 443
    assert endpoint.origin == f"https://{endpoint.host}"
    assert endpoint.host == endpoint.host.lower()


@pytest.mark.parametrize("url", [*MALFORMED, *NOT_LISTED])
def test_no_other_is(url: str) -> None:
    with pytest.raises(UnsendableError) as caught:
        EndpointPolicy().check(url)
    assert caught.value.status == 400
    assert not url or url not in caught.value.reason


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_one_is_refused_in_the_laboratory_too(url: str) -> None:
    with pytest.raises(UnsendableError, match="malformed"):
        EndpointPolicy(["*"], allow_private=True).check(url)


@pytest.mark.parametrize("url", NOT_LISTED)
def test_the_laboratory_takes_any_host_and_port(url: str) -> None:
    assert EndpointPolicy(allow_private=True).check(url).host in url


@pytest.mark.parametrize(
    ("pattern", "url", "is_allowed"),
    [
        ("push.example.org", "https://push.example.org/x", True),
        ("Push.Example.org", "https://push.example.org/x", True),
        ("push.example.org", "https://push.example.org:8443/x", False),
        ("push.example.org:8443", "https://push.example.org:8443/x", True),
        ("push.example.org:8443", "https://push.example.org/x", False),
        ("*.example.org", "https://a.b.example.org/x", True),
        ("*.example.org", "https://example.org/x", False),
        ("*", "https://ntfy.example.net/x", True),
        ("*", "https://ntfy.example.net:8443/x", False),
        ("*:8443", "https://ntfy.example.net:8443/x", True),
    ],
)
def test_the_operator_lists_more(pattern: str, url: str, *, is_allowed: bool) -> None:
    policy = EndpointPolicy([*SERVICES, pattern])
    if is_allowed:
        policy.check(url)
    else:
        with pytest.raises(UnsendableError):
            policy.check(url)


@pytest.mark.parametrize(
    "pattern", ["", "https://example.org", "example.org/", "*example.org", "a.*.org", "x:0", "a b"]
)
def test_a_pattern_that_is_none_is_named(pattern: str) -> None:
    with pytest.raises(CredentialsError):
        EndpointPolicy([pattern])


def test_the_origin_has_the_port_if_it_is_another() -> None:
    assert EndpointPolicy(allow_private=True).check("https://LocalHost:8443/x").origin == "https://localhost:8443"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254"])
def test_private_addresses_are_for_the_laboratory(address: str) -> None:
    assert not EndpointPolicy(["*"]).allows_address(address)
    assert EndpointPolicy(allow_private=True).allows_address(address)


def test_public_addresses_are_for_all() -> None:
    assert EndpointPolicy().allows_address("8.8.8.8")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://ntfy.example.org/upAbC?up=1", ""),
        ("https://ntfy.example.org:443/x", ""),
        ("https://ntfy.example.org:8443/x", "endpoint not allowed"),
        ("http://ntfy.example.org/x", "malformed endpoint"),
        ("https://user@ntfy.example.org/x", "malformed endpoint"),
        ("https://ntfy.example.org/x#y", "malformed endpoint"),
    ],
)
def test_anyones_service_is_at_any_host_and_one_port(url: str, words: str) -> None:
    policy = EndpointPolicy(ANY_SERVICE)
    if words:
        with pytest.raises(UnsendableError, match=words):
            policy.check(url)
    else:
        assert policy.check(url).origin == "https://ntfy.example.org"
        assert not policy.allows_address("127.0.0.1")
