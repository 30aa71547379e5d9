"""A Google of our own: the token endpoint and FCM on one server, and a service account for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.push.certificates import Certificates
from tests.push.service import Received, Reply, Service

# google-auth names this one, whatever the account's token_uri is.
AUDIENCE = "https://oauth2.googleapis.com/token"
Handler = Callable[[Received], Reply | None]


@cache
def service_key() -> rsa.RSAPrivateKey:
    """Return the key of the service account; made once, since that is slow."""
    return rsa.generate_private_key(65537, 2048)


def account(url: str) -> dict[str, str]:
    """Return a key file of a service account that gets its tokens at the server."""
    pem = service_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {
        "type": "service_account",
        "project_id": "demo-project",
        "private_key_id": "key-1",
        "private_key": pem.decode(),
        "client_email": "push@demo-project.iam.example.com",
        "token_uri": f"{url}/token",
    }


class Google:
    """The server. `token_reply` and `message_reply` take over when set."""

    def __init__(self, server: Service) -> None:
        self.server = server
        self.grants = 0
        self.expires_in = 3599
        self.token_reply: Handler | None = None
        self.message_reply: Handler | None = None
        server.handle = self._handle

    @property
    def messages(self) -> list[Received]:
        return [received for received in self.server.received if received.path != "/token"]

    def grant(self, received: Received) -> Reply:
        """Check the assertion and give a token."""
        form = parse_qs(received.body.decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        key = service_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        claims = jwt.decode(form["assertion"][0], key, algorithms=["RS256"], audience=AUDIENCE)
        assert claims["scope"] == "https://www.googleapis.com/auth/firebase.messaging"
        assert claims["iss"] == "push@demo-project.iam.example.com"
        self.grants += 1
        token = {"access_token": f"ya29.{self.grants}", "expires_in": self.expires_in, "token_type": "Bearer"}
        return Reply(headers=(("content-type", "application/json"),), body=json.dumps(token).encode())

    def _handle(self, received: Received) -> Reply | None:
        if received.path == "/token":
            return (self.token_reply or self.grant)(received)
        name = json.dumps({"name": "projects/demo-project/messages/0:1"}).encode()
        return self.message_reply(received) if self.message_reply else Reply(body=name)


@asynccontextmanager
async def google(certs: Certificates) -> AsyncIterator[Google]:
    """Run it."""
    async with Service(certs) as server:
        yield Google(server)
