"""Both of Huawei's hosts, as far as its documents say."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

from tests.push.certificates import Certificates
from tests.push.service import Received, Reply, Service

APP, SECRET = "100000001", "s3cret+/="


def answer(code: str, status: int = 200) -> Reply:
    content = {"code": code, "msg": "words", "requestId": "1570"}
    return Reply(status=status, body=json.dumps(content).encode())


class Huawei:
    """Grants tokens with rising numbers, and takes every message."""

    def __init__(self, server: Service) -> None:
        self.server = server
        self.grants = 0
        self.messages: list[Received] = []
        self.forms: list[dict[str, list[str]]] = []
        self.token_reply: Callable[[Received], Reply | None] = self.grant
        self.reply: Callable[[Received], Reply | None] = lambda _: answer("80000000")
        server.handle = self._handle

    @property
    def token_url(self) -> str:
        return f"{self.server.url}/oauth2/v3/token"

    def grant(self, _: Received) -> Reply:
        self.grants += 1
        content = {"access_token": f"CF3+/{self.grants}==", "expires_in": 3600, "token_type": "Bearer"}
        return Reply(body=json.dumps(content).encode())

    def _handle(self, received: Received) -> Reply | None:
        if received.path == "/oauth2/v3/token":
            self.forms.append(parse_qs(received.body.decode(), strict_parsing=True))
            return self.token_reply(received)
        self.messages.append(received)
        return self.reply(received)


@asynccontextmanager
async def huawei(certs: Certificates) -> AsyncIterator[Huawei]:
    async with Service(certs) as server:
        yield Huawei(server)
