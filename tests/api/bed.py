"""The two HTTP applications over real parts, and somebody who asks them: the ASGI messages are those of a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from urllib.parse import unquote

from starlette.types import ASGIApp, Message
from tests.support.ids import SeededIds

from ringwake.api.accounts import make_account
from ringwake.api.apps import operator_app, public_app
from ringwake.api.backend import Backend
from ringwake.api.desks import Desks
from ringwake.edge.limits import FailureLimit
from ringwake.model.account import Account
from ringwake.model.account_ops import PutAccount
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.ports import Store
from ringwake.model.tenant import Tenant, Upstream
from ringwake.observe.metrics import Metrics
from ringwake.observe.pbx_news import PbxNews
from ringwake.observe.trace import Traces
from ringwake.registrar.credentials import Authenticator
from ringwake.secret import Secret
from ringwake.sip.digest import authorize, parse_challenge
from ringwake.sip.flow import Flow
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing
from ringwake.store.memory import MemoryStore
from ringwake.wake.ledger import Ledger

T = TypeVar("T")
DOMAIN = "example.com"
VAULT = "example.org"
"""In front of a PBX, where we answer for its accounts."""
TOKEN = "operator-canary-0123456789"
EPOCH = 1_800_000_000.0
FIXED = f"alice@{DOMAIN}"
"""Stands in the configuration file; its password is `alice-canary`."""
STORED = f"bob@{DOMAIN}"
"""Stands in the store; its password is `bob-canary`."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for known, value in self.headers if known == name]
        assert len(found) < 2
        return found[0] if found else None

    def json(self) -> Any:
        return json.loads(self.body)

    def problem(self) -> str:
        """Return the detail of a problem document (RFC 9457), whose form is checked."""
        assert self.header("content-type") == "application/problem+json"
        document = self.json()
        assert document.keys() == {"type", "title", "status", "detail"}
        assert (document["type"], document["status"]) == ("about:blank", self.status)
        assert document["title"]
        return str(document["detail"])


class Asker:
    """Somebody at an address who sends requests to one application."""

    def __init__(self, app: ASGIApp, *, host: str = "203.0.113.9", **headers: str) -> None:
        self._app = app
        self._host = host
        self._headers = headers
        self.faults: list[Exception] = []
        """What the application raised after its answer; a server logs it."""

    async def ask(self, method: str, target: str, body: object = None, **headers: str) -> Answer:
        """Send a request whose body is octets, or a value to be written as JSON."""
        octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return await self.stream(method, target, [octets], **headers)

    async def stream(self, method: str, target: str, chunks: list[bytes | None], **headers: str) -> Answer:
        """Send a request in chunks; None hangs up."""
        path, _, query = target.partition("?")
        named = {"host": "phones.example.com", **self._headers, **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 80),
            "client": (self._host, 40_000),
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()],
            "state": {},
        }
        incoming = [_part(chunk, is_last=at == len(chunks) - 1) for at, chunk in enumerate(chunks)]
        sent: list[Message] = []

        async def receive() -> Message:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  as a server takes it
            self.faults.append(error)
        start, *rest = sent
        listed = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return Answer(start["status"], listed, b"".join(part.get("body", b"") for part in rest))


def _part(chunk: bytes | None, *, is_last: bool) -> Message:
    if chunk is None:
        return {"type": "http.disconnect"}
    return {"type": "http.request", "body": chunk, "more_body": not is_last}


@dataclass
class Bed:
    """A server without SIP: what the API works with, and its two applications."""

    store: Store
    directory: MemoryDirectory
    backend: Backend
    now: float = 1000.0
    problems: list[str] = field(default_factory=list)
    live: set[Flow] = field(default_factory=set)

    @classmethod
    async def make(
        cls, *, store: Store | None = None, webpush: bool = True, unifiedpush: bool = False, failures: int = 3
    ) -> Bed:
        """Make one with an account in the configuration and one in the store."""
        store = store or MemoryStore()
        provided = [Provider.WEBPUSH] * webpush + [Provider.UNIFIEDPUSH] * unifiedpush
        apps = [App(key=AppKey(one, DOMAIN), tenant=DOMAIN, vapid_key="-") for one in provided]
        tenants = [Tenant(domain=DOMAIN), Tenant(domain="example.net"), Tenant(domain=VAULT, upstream=Upstream.VAULT)]
        directory = MemoryDirectory(tenants, apps, [account(FIXED, "alice-canary")])
        keys, ids = KeyRing([Secret(b"k" * 32)]), SeededIds(Random(1))
        backend = Backend(
            store=store,
            directory=directory,
            traces=Traces(),
            metrics=Metrics(),
            authenticator=Authenticator(seal=keys, ids=ids),
            keys=keys,
            ids=ids,
            token=Secret(TOKEN),
            is_live=lambda flow: flow in bed.live,
            pbx=PbxNews(),
            has_account=lambda aor: directory.account(aor) is not None,
            ledger=Ledger(),
            desks=Desks(),
            problems=lambda: bed.problems,
            limit=FailureLimit(failures=failures),
            clock=lambda: bed.now,
            wall=lambda: EPOCH + bed.now,
        )
        bed = cls(store, directory, backend)
        await bed.put(STORED, "bob-canary")
        return bed

    async def put(self, aor: str, password: str) -> None:
        """Put an account into the store, as `ringwake account add` does."""
        new = account(aor, password)
        await self.store.do(PutAccount(account=new))
        self.directory.put(new)

    @property
    def operator(self) -> Asker:
        """Somebody who has the token."""
        return Asker(operator_app(self.backend), host="127.0.0.1", authorization=f"Bearer {TOKEN}")

    @property
    def stranger(self) -> Asker:
        """Somebody on this machine who has not."""
        return Asker(operator_app(self.backend), host="127.0.0.1")

    def phone(self, host: str = "203.0.113.9") -> Asker:
        """Return a phone somewhere."""
        return Asker(public_app(self.backend), host=host)


def account(aor: str, password: str) -> Account:
    return make_account(aor, Secret(password))


async def signed(phone: Asker, method: str, target: str, *, user: str, password: str) -> str:
    """Return the credentials for a request, from a fresh challenge."""
    challenge = parse_challenge((await phone.ask(method, target)).header("www-authenticate") or "")
    assert challenge is not None
    return authorize(challenge, username=user, password=password, request=(method, target), cnonce="c")


async def device_token(phone: Asker, aor: str = STORED, password: str = "bob-canary") -> str:
    """Return the device token of an account, by its digest credentials."""
    target = f"/me/token?account={aor}"
    credentials = await signed(phone, "POST", target, user=aor.partition("@")[0], password=password)
    answer = await phone.ask("POST", target, authorization=credentials)
    assert answer.status == 200, answer.body
    return str(answer.json()["token"])


def in_bed(test: Callable[[Bed], Coroutine[Any, Any, T]], **options: Any) -> T:
    """Run a test against a fresh bed."""

    async def run() -> T:
        async with asyncio.timeout(20):
            return await test(await Bed.make(**options))

    return asyncio.run(run())
