"""A caller on a bare UDP socket, written by hand: it hears every octet that the server sends it."""

from __future__ import annotations

import re
import socket
import time
from types import TracebackType
from typing import Self

from tests.support.watcher import WATCHERS

SECONDS = 20.0
DOMAIN = "ringwake.test"


class Caller:
    """One call to one account, or one MESSAGE."""

    def __init__(self, server: str, user: str, *, host: str = "127.0.0.1") -> None:
        where, _, port = server.rpartition(":")
        self._server = (where, int(port))
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((host, 0))
        self._port = self._sock.getsockname()[1]
        self._host = host
        self._user = user
        self.call_id = f"call-{self._port}-{time.monotonic_ns()}"
        self.statuses: list[int] = []
        """Of all responses to the INVITE, as they came."""
        self._last = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._sock.close()

    def invite(self) -> None:
        """Send the INVITE; again, it is a retransmission."""
        self._send("INVITE", branch="z9hG4bKinvite", uri=f"sip:{self._user}@{DOMAIN}")

    def cancel(self) -> None:
        """Send the CANCEL."""
        self._send("CANCEL", branch="z9hG4bKinvite", uri=f"sip:{self._user}@{DOMAIN}")

    def message(self, text: str) -> int:
        """Send a MESSAGE; return its final status."""
        self._send("MESSAGE", branch=f"z9hG4bK{time.monotonic_ns()}", uri=f"sip:{self._user}@{DOMAIN}", body=text)
        return self._status(self._receive("MESSAGE", time.monotonic() + SECONDS))

    def ack(self) -> None:
        """Acknowledge the last 2xx."""
        self._in_dialog("ACK", 1)

    def ack_failure(self) -> None:
        """Acknowledge a final failure, within the INVITE's transaction (section 17.1.1.3)."""
        self._send("ACK", branch="z9hG4bKinvite", uri=f"sip:{self._user}@{DOMAIN}")

    def bye(self) -> int:
        """End the call; return the status of the answer."""
        self._in_dialog("BYE", 2)
        return self._status(self._receive("BYE", time.monotonic() + SECONDS))

    def until(self, status: int, *, seconds: float = SECONDS) -> None:
        """Wait for a response to the INVITE."""
        deadline = time.monotonic() + seconds
        while status not in self.statuses:
            self._last = self._receive("INVITE", deadline)
            self.statuses.append(self._status(self._last))

    def quiet(self, seconds: float) -> None:
        """Take note of everything that still comes."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.statuses.append(self._status(self._receive("INVITE", deadline)))
        except TimeoutError:
            return

    @property
    def finals(self) -> list[int]:
        """Final responses to the INVITE, retransmissions of a 2xx counted once."""
        finals = [status for status in self.statuses if status >= 200]
        return finals[:1] if len(set(finals)) == 1 else finals

    def _receive(self, method: str, deadline: float) -> str:
        while True:
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            text = self._sock.recv(65535).decode("utf-8", "replace")
            for watcher in WATCHERS:
                watcher.hears("caller", text)
            if re.search(rf"^CSeq: \d+ {method}\r$", text, re.MULTILINE):
                return text

    @staticmethod
    def _status(text: str) -> int:
        return int(text.split(" ", 2)[1])

    def _in_dialog(self, method: str, cseq: int) -> None:
        contact = re.search(r"^Contact: <([^>]+)>", self._last, re.MULTILINE)
        assert contact is not None, self._last
        routes = reversed(re.findall(r"^Record-Route: (.*)\r$", self._last, re.MULTILINE))
        to = re.search(r"^To: (.*)\r$", self._last, re.MULTILINE)
        assert to is not None
        lines = [f"Route: {route}" for route in routes]
        self._send(method, branch=f"z9hG4bK{method}", uri=contact[1], cseq=cseq, to=to[1], lines=lines)

    def _send(
        self,
        method: str,
        *,
        branch: str,
        uri: str,
        cseq: int = 1,
        to: str = "",
        lines: list[str] | None = None,
        body: str = "",
    ) -> None:
        content = ["Content-Type: text/plain"] if body else []
        request = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self._port};rport;branch={branch}",
            "Max-Forwards: 70",
            *(lines or []),
            f'From: "Boss" <sip:boss@{DOMAIN}>;tag=caller',
            f"To: {to or f'<sip:{self._user}@{DOMAIN}>'}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:boss@{self._host}:{self._port}>",
            *content,
            f"Content-Length: {len(body.encode())}",
        ]
        self._sock.sendto(("\r\n".join(request) + f"\r\n\r\n{body}").encode(), self._server)
