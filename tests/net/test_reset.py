"""Breaking a connection off: the peer hears RST, and what was written is let go."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.support.real_loop import run_real

from ringwake.net.reset import reset

MANY = 4 << 20


class Server(asyncio.Protocol):
    """Takes one connection."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.made: asyncio.Future[asyncio.Transport] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.made.set_result(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.gone.set_result(None)


async def hear_all(peer: socket.socket, heard: bytearray) -> None:
    """Read to the end."""
    while octets := await asyncio.get_running_loop().sock_recv(peer, 65_536):
        heard += octets


def test_the_peer_is_reset_and_nothing_is_let_out_first() -> None:
    async def test() -> None:
        loop, made = asyncio.get_running_loop(), Server()
        server = await loop.create_server(lambda: made, "127.0.0.1", 0)
        peer = socket.socket()
        peer.setblocking(False)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(peer, server.sockets[0].getsockname())
        transport = await made.made
        transport.write(b"x" * MANY)
        reset(transport)
        await made.gone
        heard = bytearray()
        with pytest.raises(ConnectionResetError):  # closed in another way, all would come, and then an end
            await hear_all(peer, heard)
        assert len(heard) < MANY
        reset(transport)  # it has no socket any more
        peer.close()
        server.close()
        await server.wait_closed()

    run_real(test())


def test_a_transport_without_a_socket_is_broken_off_as_well() -> None:
    class Pipe(asyncio.WriteTransport):
        is_aborted = False

        def abort(self) -> None:
            self.is_aborted = True

    pipe = Pipe()
    reset(pipe)
    assert pipe.is_aborted
