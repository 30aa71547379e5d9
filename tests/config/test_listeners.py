"""Listeners: what each transport needs and has no use for, and that no two take the same address."""

from __future__ import annotations

import pytest
from tests.config.refusal import refusal

from ringwake.config.load import parse

FILES = 'certificate = "server.pem"\nkey = "server.key"'


def listen(transport: str, address: str, *more: str) -> str:
    return "\n".join(["[[listen]]", f'transport = "{transport}"', f'address = "{address}"', *more, ""])


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls", "ws", "wss"])
def test_a_laboratory_listens_on_loopback_only(transport: str) -> None:
    files = FILES if transport in ("tls", "wss") else ""
    lab = "[server]\nlab = true\n"
    for address in ("0.0.0.0:5060", "10.0.0.1:5060", "[::]:5060"):
        error = refusal(lab + listen(transport, address, files, 'advertise = "sip.example.com"'))
        assert error == "listen[0].address: server.lab allows loopback only: use 127.0.0.1, or set lab = false"
    parse(lab + listen(transport, "127.0.0.9:5060", files) + listen(transport, "[::1]:5060", files))


@pytest.mark.parametrize("transport", ["tls", "wss"])
@pytest.mark.parametrize("given", ["", 'certificate = "a"', 'key = "a"'])
def test_tls_needs_certificate_and_key(transport: str, given: str) -> None:
    error = refusal(listen(transport, "10.0.0.1:5061", given))
    assert error == f"listen[0].certificate: {transport} needs certificate and key: give both files"


@pytest.mark.parametrize("transport", ["udp", "tcp", "ws"])
@pytest.mark.parametrize("given", ['certificate = "a"', 'key = "a"'])
def test_a_certificate_that_is_not_used_is_a_misunderstanding(transport: str, given: str) -> None:
    error = refusal(listen(transport, "10.0.0.1:5060", given))
    assert error == f"listen[0].certificate: {transport} has no use for it: remove it, or use tls or wss"


@pytest.mark.parametrize("address", ["0.0.0.0:5060", "[::]:5060"])
def test_a_wildcard_says_by_which_name_it_is_reached(address: str) -> None:
    assert refusal(listen("udp", address)).startswith("listen[0].advertise: ")
    parse(listen("udp", address, 'advertise = "sip.example.com"'))


@pytest.mark.parametrize(
    "name", ["sip.example.com:5060", "sip:example.com", "a b", "-a", "::1", "https://sip.example.com", "é"]
)
def test_what_is_advertised_is_a_host(name: str) -> None:
    error = refusal(listen("udp", "0.0.0.0:5060", f'advertise = "{name}"'))
    assert error.startswith("listen[0].advertise: not a host: write it like ")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_only_web_pages_have_origins(transport: str) -> None:
    files = FILES if transport == "tls" else ""
    error = refusal(listen(transport, "10.0.0.1:5061", files, 'origins = ["https://phone.example.com"]'))
    assert error == "listen[0].origins: only ws and wss have origins: remove it"


@pytest.mark.parametrize(
    "origin",
    ["*", "", "null", "phone.example.com", "https://phone.example.com/", "HTTPS://phone.example.com", "https://a b"],
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    error = refusal(listen("ws", "10.0.0.1:80", f'origins = ["https://a.example", "{origin}"]'))
    assert error.startswith("listen[0].origins[1]: no web origin: name each as browsers do")


def test_origins_are_taken_as_browsers_send_them() -> None:
    origins = '["https://phone.example.com", "http://localhost:8000", "https://[::1]:8443"]'
    assert len(parse(listen("ws", "10.0.0.1:80", f"origins = {origins}")).listen[0].origins) == 3


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (listen("udp", "10.0.0.1:5060") * 2, "listen[1].address: listen[0].address has this address already"),
        (
            listen("tcp", "10.0.0.1:5060") + listen("tls", "10.0.0.1:5060", FILES),
            "listen[1].address: listen[0].address has this address already",
        ),
        (listen("tcp", "127.0.0.1:8080"), "listen[0].address: server.http has this address already"),
        (
            listen("ws", "127.0.0.1:8443") + f'[public]\nlisten = "127.0.0.1:8443"\n{FILES}',
            "listen[0].address: public.listen has this address already",
        ),
        (f'[public]\nlisten = "127.0.0.1:8080"\n{FILES}', "public.listen: server.http has this address already"),
    ],
)
def test_an_address_is_given_once(text: str, error: str) -> None:
    assert refusal(text) == f"{error}: give it another port"


def test_udp_and_tcp_share_a_port_and_port_0_is_no_port() -> None:
    parse(listen("udp", "10.0.0.1:5060") + listen("tcp", "10.0.0.1:5060"))
    parse(listen("udp", "127.0.0.1:8080"))
    parse(listen("tcp", "127.0.0.1:0") * 2 + '[server]\nhttp = "127.0.0.1:0"')


def test_every_listener_is_checked() -> None:
    assert refusal(listen("udp", "10.0.0.1:5060") + listen("udp", "nowhere")).startswith(
        "listen[1].address: not host:port"
    )
