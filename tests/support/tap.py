"""A wire that is listened to: a TCP relay in front of a server, which keeps what passes as packets of a capture."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

from tests.support.capture import Endpoint, Packet


class _Way(NamedTuple):
    """Where the octets of one socket go on, and as what they count."""

    end: socket.socket
    source: Endpoint
    target: Endpoint


class Tap:
    """Relays from an address of its own; to the server each client seems to stand at that address."""

    def __init__(self, address: str, server: Endpoint) -> None:
        self.packets: list[Packet] = []
        self._address, self._server = address, server
        self._listener = socket.create_server((address, 0))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._ways: dict[socket.socket, _Way] = {}
        self._thread = threading.Thread(target=self._run)

    @property
    def endpoint(self) -> str:
        """Where clients connect to: `host:port`."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._wake.close()
        self._thread.join()
        for open_socket in (self._listener, self._woken, *self._ways):
            open_socket.close()
        self._selector.close()

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if ready is self._woken:
                    return
                if ready is self._listener:
                    self._accept()
                elif ready in self._ways:
                    self._pass_on(ready)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        upstream = socket.create_connection(self._server, source_address=(self._address, 0))
        here: Endpoint = upstream.getsockname()
        self._ways[client] = _Way(upstream, here, self._server)
        self._ways[upstream] = _Way(client, self._server, here)
        for end in (client, upstream):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, ready: socket.socket) -> None:
        way = self._ways[ready]
        try:
            octets = ready.recv(65_536)
            way.end.sendall(octets)
        except OSError:
            octets = b""
        if not octets:
            self._close(ready, way.end)
            return
        now = time.time()  # noqa: TID251  a capture is dated by the wall clock
        packet = Packet(at=now, transport="tcp", source=way.source, target=way.target, payload=octets)
        self.packets.append(packet)

    def _close(self, *ends: socket.socket) -> None:
        for end in ends:
            self._selector.unregister(end)
            del self._ways[end]
            end.close()
