"""REGISTERs with credentials over UDP, a closed loop of 32 under way: what one costs the server."""

from __future__ import annotations

import hashlib
import re
import select
import socket
import time
from dataclasses import dataclass
from typing import Self

from ringwake.sip.flow import Address

WINDOW = 32
_NONCE = re.compile(rb'nonce="([^"]+)", algorithm=MD5')
_BRANCH = re.compile(rb"branch=z9hG4bK([0-9]+)")


@dataclass(slots=True)
class User:
    """One account that registers again and again."""

    name: str
    password: str
    cseq: int = 0
    nonce: str = ""
    count: int = 0


class Registers:
    """A load generator: one socket, many users."""

    def __init__(self, server: Address, domain: str, project: str, users: list[User]) -> None:
        self._server = (server.host, server.port)
        self._domain = domain
        self._project = project
        self._users = users
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._sock.setblocking(False)
        self._port = self._sock.getsockname()[1]
        self._serial = 0
        self._under_way: dict[int, User] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def challenge(self) -> None:
        """Let every user learn its nonce."""
        self.run(len(self._users))

    def run(self, count: int) -> float:
        """Send that many REGISTERs, wait for all answers; returns the seconds it took.

        Raises:
            TimeoutError: an answer does not come.
        """
        started, sent, answered = time.monotonic(), 0, 0
        while answered < count:
            while sent < count and len(self._under_way) < WINDOW:
                self._send(self._users[sent % len(self._users)])
                sent += 1
            if not select.select([self._sock], [], [], 5.0)[0]:
                raise TimeoutError("the server does not answer")
            answered += self._receive()
        return time.monotonic() - started

    def _receive(self) -> int:
        answered = 0
        while True:
            try:
                data = self._sock.recv(65535)
            except BlockingIOError:
                return answered
            found = _BRANCH.search(data)
            user = self._under_way.pop(int(found[1]), None) if found else None
            if user is None:
                continue
            answered += 1
            if data.startswith(b"SIP/2.0 401"):
                nonce = _NONCE.search(data)
                assert nonce is not None, "no MD5 challenge"
                user.nonce, user.count = nonce[1].decode(), 0
            else:
                assert data.startswith(b"SIP/2.0 200"), data[:80]

    def _send(self, user: User) -> None:
        self._serial += 1
        user.cseq += 1
        self._under_way[self._serial] = user
        self._sock.sendto(self._request(user), self._server)

    def _request(self, user: User) -> bytes:
        domain, contact = self._domain, f"sip:{user.name}@127.0.0.1:{self._port}"
        push = f"pn-provider=fcm;pn-param={self._project};pn-prid=token-of-{user.name}-{'x' * 120}"
        lines = [
            f"REGISTER sip:{domain} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self._port};rport;branch=z9hG4bK{self._serial}",
            "Max-Forwards: 70",
            f"From: <sip:{user.name}@{domain}>;tag={self._serial}",
            f"To: <sip:{user.name}@{domain}>",
            f"Call-ID: {user.name}-bench",
            f"CSeq: {user.cseq} REGISTER",
            f'Contact: <{contact};{push}>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-{user.name:0>12}>"',
            "Expires: 3600",
            "User-Agent: bench",
        ]
        if user.nonce:
            lines.append(f"Authorization: {self._credentials(user)}")
        return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()

    def _credentials(self, user: User) -> str:
        user.count += 1
        uri, realm, nc = f"sip:{self._domain}", self._domain, f"{user.count:08x}"
        ha1 = _md5(f"{user.name}:{realm}:{user.password}")
        response = _md5(f"{ha1}:{user.nonce}:{nc}:c:auth:{_md5(f'REGISTER:{uri}')}")
        return (
            f'Digest username="{user.name}", realm="{realm}", nonce="{user.nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc={nc}, cnonce="c"'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
