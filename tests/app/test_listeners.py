"""What is listened on, and how an address that cannot be had is named."""

from __future__ import annotations

import asyncio
import errno
import re
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, SOCK_STREAM, SocketKind, socket
from typing import Any

import pytest
from tests.support.authority import Authority
from tests.support.real_loop import run_real

from ringwake.app.listeners import ListenError, named, open_listener
from ringwake.config.schema import ListenSection
from ringwake.net.stack import Stack
from ringwake.sip.flow import Transport


async def listening(section: ListenSection, base: Path) -> list[str]:
    """Open a listener and return its addresses."""
    loop = asyncio.get_running_loop()
    stack = Stack(clock=loop.time, call_at=loop.call_at, fault=lambda *_: None)
    try:
        carrier = await open_listener(section, "listen[3]", base=base, stack=stack, node="n")
        assert carrier.transport is Transport(section.transport)
        return [str(address) for address in carrier.addresses()]
    finally:
        await stack.close()


def section(transport: Any, address: str = "127.0.0.1:0", **more: Any) -> ListenSection:
    return ListenSection(transport=transport, address=address, **more)


@pytest.mark.parametrize("transport", ["udp", "tcp", "ws"])
def test_a_plain_transport_listens_and_says_on_which_port(transport: str, tmp_path: Path) -> None:
    (address,) = run_real(listening(section(transport), tmp_path))
    assert address.startswith("127.0.0.1:")
    assert not address.endswith(":0")


@pytest.mark.parametrize("transport", ["tls", "wss"])
def test_a_secure_transport_takes_its_files_from_beside_the_configuration(transport: str, tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("127.0.0.1")
    files = {"certificate": pair.certificate.name, "key": pair.key.name}
    (address,) = run_real(listening(section(transport, **files), tmp_path))
    assert address.startswith("127.0.0.1:")


@pytest.mark.parametrize(("transport", "kind"), [("udp", SOCK_DGRAM), ("tcp", SOCK_STREAM), ("ws", SOCK_STREAM)])
def test_an_address_that_is_taken_is_named(transport: str, kind: SocketKind, tmp_path: Path) -> None:
    with socket(AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is SOCK_STREAM:
            other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ListenError) as caught:
            run_real(listening(section(transport, address), tmp_path))
    assert str(caught.value) == (
        f"listen[3].address: cannot listen on {transport} {address}: Address already in use: "
        "is another server running there?"
    )


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:5060: Cannot assign .*: this machine does not have it"):
        run_real(listening(section("udp", "192.0.2.1:5060"), tmp_path))


def test_a_port_that_is_not_for_us_is_named() -> None:
    words = "server.http: cannot listen on 127.0.0.1:80: Permission denied: take a port above 1023"
    with pytest.raises(ListenError, match=re.escape(words)), named("server.http", "127.0.0.1:80"):
        raise PermissionError(errno.EACCES, "denied")


@pytest.mark.parametrize("error", [OSError(errno.EMFILE, "too many"), OSError("of a library")])
def test_another_error_is_none_of_the_address(error: OSError) -> None:
    with pytest.raises(OSError, match=str(error.args[-1])) as caught, named("server.http", "127.0.0.1:80"):
        raise error
    assert caught.value is error


def test_a_certificate_that_is_not_there_is_no_fault_of_the_address(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_real(listening(section("tls", certificate="c.pem", key="k.pem"), tmp_path))
