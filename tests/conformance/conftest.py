"""One `ringwake serve` for all tests of this folder, and a phone of bare sockets that has registered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.peers import Connection, Datagrams, Peer, Visit, token
from tests.conformance.phone import LONE, USERS, Phone
from tests.conformance.server import Server, serve
from tests.support.loopback import leased_address


@pytest.fixture(scope="session")
def caller() -> Iterator[str]:
    """Address of a caller that the server trusts."""
    with leased_address() as address:
        yield address


@pytest.fixture(scope="session")
def stranger() -> Iterator[str]:
    """Address of a caller that it does not."""
    with leased_address() as address:
        yield address


@pytest.fixture(scope="session")
def server(caller: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("conformance"), trusted=caller, users=[*USERS, LONE]) as running:
        yield running
        assert running.faults() == []


@pytest.fixture(scope="session")
def phone(server: Server, stranger: str) -> Iterator[Phone]:
    """The phone of all accounts."""
    with Phone(stranger, server.udp) as registered:
        yield registered


@pytest.fixture(params=["udp", "tcp"])
def visit(request: pytest.FixtureRequest, server: Server, caller: str) -> Iterator[Visit]:
    """Somebody whom the server trusts, on either transport."""
    peer: Peer = Datagrams(caller, server.udp) if request.param == "udp" else Connection(caller, server.tcp)
    with Visit(peer, token()) as made:
        yield made


@pytest.fixture(params=["udp", "tcp"])
def stranger_visit(request: pytest.FixtureRequest, server: Server, stranger: str) -> Iterator[Visit]:
    """Somebody whom it does not, on either transport."""
    peer: Peer = Datagrams(stranger, server.udp) if request.param == "udp" else Connection(stranger, server.tcp)
    with Visit(peer, token()) as made:
        yield made
