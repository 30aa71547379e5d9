"""Dangerous combinations are refused, each with its place and its mend."""

from __future__ import annotations

import pytest
from tests.config.refusal import CANARY, refusal

from ringwake.config.load import parse

LAB = "[server]\nlab = true\n"
FILES = 'certificate = "server.pem"\nkey = "server.key"\n'


def test_a_digest_algorithm_stands_once_and_is_known() -> None:
    assert refusal('[server]\ndigest = ["MD5", "MD5"]') == "server.digest: an algorithm stands twice: write each once"
    assert refusal('[server]\ndigest = ["SHA-1"]').startswith("server.digest")
    assert refusal("[server]\ndigest = []").startswith("server.digest")


@pytest.mark.parametrize("name", [".", "..", "/", "data/..", "keys", "folder/keys"])
def test_the_database_has_a_file_name_of_its_own(name: str) -> None:
    """`keys` is the name of the file that stands beside it."""
    assert refusal(f'[server]\ndata = "{name}"').startswith("server.data: not the name of a database file: ")


@pytest.mark.parametrize("address", ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:8080", "[2001:db8::1]:80", "192.168.1.1:0"])
@pytest.mark.parametrize("lab", ["", "lab = true\n"])
def test_the_operators_api_stays_on_loopback(address: str, lab: str) -> None:
    error = refusal(f'[server]\n{lab}http = "{address}"')
    assert error.startswith("server.http: the operator's API must stay on loopback: use 127.0.0.1")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f'[public]\nlisten = "phones:1"\n{FILES}', "public.listen: not host:port"),
        (
            '[public]\nlisten = "0.0.0.0:8443"\ncertificate = "a"',
            "public: certificate and key belong together: give both",
        ),
        ('[public]\nlisten = "0.0.0.0:8443"\nkey = "a"', "public: certificate and key belong together: give both"),
        (
            '[public]\nlisten = "127.0.0.1:8443"',
            "public.certificate: phones send credentials there: give certificate and",
        ),
        (f'{LAB}[public]\nlisten = "10.0.0.1:1"', "public.listen: server.lab allows loopback only: use 127.0.0.1"),
        (
            f'{LAB}[public]\nlisten = "10.0.0.1:1"\n{FILES}',
            "public.listen: server.lab allows loopback only: use 127.0.0.1",
        ),
    ],
)
def test_phones_send_no_credentials_in_the_clear(text: str, error: str) -> None:
    assert refusal(text).startswith(error)


def test_a_laboratory_needs_no_certificate_on_loopback() -> None:
    assert parse(f'{LAB}[public]\nlisten = "127.0.0.1:0"').public is not None


@pytest.mark.parametrize(
    "url",
    [
        "phones.example.com",
        "http://phones.example.com",
        "ftp://phones.example.com",
        "https://",
        "https:///me",
        "https://phones.example.com/",
        "https://alice@phones.example.com",
        f"https://alice:{CANARY}@phones.example.com",
        "https://phones.example.com?x=1",
        "https://phones.example.com#x",
        "https://phones example.com",
        "https://phones.example.com:port",
        "https://[::1",
    ],
)
def test_the_url_of_the_phones_is_one_to_which_a_path_can_be_added(url: str) -> None:
    error = refusal(f'[public]\nlisten = "0.0.0.0:8443"\nurl = "{url}"\n{FILES}')
    assert error.startswith("public.url: not https://host without a slash at its end: write it like ")


@pytest.mark.parametrize(
    ("before", "url"),
    [("", "https://phones.example.com"), ("", "https://[2001:db8::1]:8443/sip"), (LAB, "http://127.0.0.1:8443")],
)
def test_a_plain_url_is_taken(before: str, url: str) -> None:
    public = parse(f'{before}[public]\nlisten = "127.0.0.1:8443"\nurl = "{url}"\n{FILES}').public
    assert public is not None
    assert public.url == url


@pytest.mark.parametrize(("wake", "ring"), [(20, 160), (179, 1), (0.5, 179.5)])
def test_wake_and_ring_stay_under_180_seconds(wake: float, ring: float) -> None:
    error = refusal(f"[wake]\nwake_timeout = {wake}\nring_timeout = {ring}")
    assert error.startswith("wake: wake_timeout and ring_timeout together must stay under 180 seconds")
    assert error.endswith("lower one of them")
    parse(f"[wake]\nwake_timeout = {wake}\nring_timeout = {ring - 0.1}")


def test_a_short_grant_is_for_laboratories() -> None:
    short = "[wake]\ngrant = 86399\nrefresh_every = 7200\nrefresh_lead = 60\n"
    error = refusal(short)
    assert error.startswith("wake.grant: under 86400 seconds")
    assert "set server.lab = true for tests" in error
    assert parse(LAB + short).wake.grant == 86399
    parse(short.replace("86399", "86400"))


@pytest.mark.parametrize(
    ("every", "lead", "grant"), [(604_800, 604_800, 2_592_000), (3600, 7200, 2_592_000), (2_592_001, 1, 2_592_000)]
)
def test_a_refresh_falls_into_the_grant_and_after_its_lead(every: int, lead: int, grant: int) -> None:
    error = refusal(f"[wake]\nrefresh_every = {every}\nrefresh_lead = {lead}\ngrant = {grant}")
    assert error == "wake: refresh_lead < refresh_every <= grant must hold: change one of the three"


@pytest.mark.parametrize(
    "address", ["", "pbx.example.com", "10.0.0.0/33", "10.0.0", "10.0.0.5:5060", "::1/129", "1.2.3.4/"]
)
def test_a_peer_is_an_address_or_a_network(address: str) -> None:
    error = refusal(f'[[peer]]\naddress = "{address}"\nmay_call = true')
    assert error.startswith("peer[0].address: ")


def test_a_network_with_host_bits_is_not_guessed_at() -> None:
    """Whoever writes 10.0.0.5/8 means one PBX, and would trust sixteen million hosts."""
    assert refusal('[[peer]]\naddress = "10.0.0.5/8"\nmay_call = true').endswith('; here "10.0.0.5" or "10.0.0.0/8"')


@pytest.mark.parametrize(
    "network",
    ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "::/0", "2000::/3", "2001::/16", "::/80", "::ffff:0:0/96"],
)
def test_a_network_that_is_next_to_everybody_may_not_call(network: str) -> None:
    text = f'[[peer]]\naddress = "{network}"\nmay_call = '
    assert refusal(f"{text}true").startswith(
        f"peer[0].address: {network} may call without a password, which is next to"
    )
    assert parse(f"{text}false").peer[0].address == network


@pytest.mark.parametrize(
    "network", ["10.0.0.5", "10.0.0.0/8", "127.0.0.0/8", "::1", "2001:db8::/32", "fd00::/48", "::ffff:10.0.0.0/104"]
)
def test_the_network_of_a_pbx_may_call(network: str) -> None:
    assert parse(f'[[peer]]\naddress = "{network}"\nmay_call = true').peer[0].may_call
