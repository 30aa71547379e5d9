"""A connection to the emulators' inbox (docs/reference/inbox.md), served by the thread that uses it.

The synchronous client of `websockets` reads in a second thread, so that two threads are in one TLS connection at once:
one handshake of 800 hung. Here pings are answered only while somebody waits for a message, so nobody should be silent
for as long as 40 seconds.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections import deque
from types import TracebackType
from typing import Any, Self

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

SECONDS = 20.0


class InboxLine:
    """One connection."""

    def __init__(self, lab: dict[str, Any]) -> None:
        """Connect; `lab` is what `ringwake emulate --json` has printed."""
        uri = parse_uri(lab["inbox"]["url"])
        tls = ssl.create_default_context(cafile=lab["ca_file"])
        plain = socket.create_connection((uri.host, uri.port), timeout=SECONDS)
        self._socket = tls.wrap_socket(plain, server_hostname=uri.host)
        self._protocol = ClientProtocol(uri)
        self._messages: deque[dict[str, Any]] = deque()
        self._is_open = False
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        deadline = time.monotonic() + SECONDS
        while not self._is_open:
            self._read(deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up without a word, as a phone that loses its network."""
        self._socket.close()

    def send(self, message: dict[str, object]) -> None:
        """Send one message."""
        self._protocol.send_text(json.dumps(message).encode())
        self._flush()

    def receive(self) -> dict[str, Any]:
        """Return the next message."""
        deadline = time.monotonic() + SECONDS
        while not self._messages:
            self._read(deadline)
        return self._messages.popleft()

    def ask(self, message: dict[str, object]) -> dict[str, Any]:
        """Send a request and return its answer; an error is a failure."""
        self.send(message)
        answer = self.receive()
        assert answer["op"] != "error", answer
        return answer

    def _flush(self) -> None:
        self._socket.sendall(b"".join(self._protocol.data_to_send()))

    def _read(self, deadline: float) -> None:
        self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        octets = self._socket.recv(65_536)
        assert octets, "the inbox has hung up"
        self._protocol.receive_data(octets)
        assert self._protocol.handshake_exc is None
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                self._is_open = True
            elif event.opcode is Opcode.TEXT:
                self._messages.append(json.loads(bytes(event.data)))
        self._flush()  # a pong
