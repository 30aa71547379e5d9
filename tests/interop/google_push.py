"""What a Chromium needs to be pushed to without Google: check-in, registration, the connection for messages, a page.

The recipe is Chromium's own code (`google_apis/gcm`): a check-in gives the browser an id; a registration (a form) gives
a subscription its token; and over MCS, protobuf in frames over TLS, come the pushes, encrypted as they were posted.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import parse_qsl

from tests.interop.protobuf import fixed64, integer, read, read_varint, text, varint
from tests.support.authority import Authority

_VERSION = 41
_PING, _PING_ANSWER, _LOGIN, _LOGIN_ANSWER, _MESSAGE = 0, 1, 2, 3, 8
_TAKES_OVER = b"""
addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
"""
_PAGE = b"""<!doctype html><title>page</title><script>
const pushes = [], waiting = [];
navigator.serviceWorker.onmessage = ({ data }) => { pushes.push(data); waiting.splice(0).forEach((wake) => wake()); };
async function subscribe(key) {
  await navigator.serviceWorker.register('/sw.js');
  const registration = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: key };
  return JSON.stringify(await registration.pushManager.subscribe(options));
}
async function nextPush() {
  while (!pushes.length) await new Promise((wake) => waiting.push(wake));
  return pushes.shift();
}
async function showing(text) {
  const registration = await navigator.serviceWorker.ready, until = Date.now() + 30000;
  for (;;) {
    const list = await registration.getNotifications();
    if (Date.now() > until || (text ? list.some(({ body }) => body === text) : !list.length)) return JSON.stringify(
      list.map(({ title, body, tag, requireInteraction, silent, actions }) =>
        ({ title, body, tag, requireInteraction, silent, actions: actions.map(({ action }) => action) })));
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
async function click(action, tag) {
  const { active } = await navigator.serviceWorker.ready;
  const done = new Promise((wake) => navigator.serviceWorker.addEventListener('message',
    ({ data }) => { if (data.clicked === action) wake(); }));
  active.postMessage({ click: action, tag });
  await done;
}
async function unsubscribe() {
  const registration = await navigator.serviceWorker.ready;
  return (await registration.pushManager.getSubscription()).unsubscribe();
}
</script>"""
_FILES = {"/": ("text/html", _PAGE)}


class GooglePush:
    """The service, and the site with the page."""

    def __init__(self, worker: bytes) -> None:
        self.site = ""
        """Origin of the page, and of check-in and registration."""
        self.push_origin = ""
        """Where pushes are posted, in place of the endpoint's own origin."""
        self.mcs = ""
        self.ended = asyncio.Event()
        """The browser has ended a subscription: it says so after the page was told."""
        self._subscriptions: dict[str, dict[str, str]] = {}
        self._files = {**_FILES, "/sw.js": ("text/javascript", _TAKES_OVER + worker)}
        self.clicks: list[str] = []
        """Paths below `/act/` that were posted to."""
        self._browser: asyncio.StreamWriter | None = None
        self._stored: list[bytes] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, authority: Authority, *, worker: bytes) -> AsyncIterator[GooglePush]:
        """Listen on loopback while the context is open; `worker` is the page's service worker."""
        pair = authority.issue("127.0.0.1")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pair.certificate, pair.key)
        here = cls(worker)
        async with AsyncExitStack() as stack:

            async def listen(serve: object, context: ssl.SSLContext | None = None) -> str:
                server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)  # type: ignore[arg-type]
                stack.callback(server.close)
                return f"http{'s' if context else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"

            here.site = await listen(here._http)
            here.push_origin = await listen(here._http, tls)
            here.mcs = await listen(here._messages, tls)
            yield here

    @property
    def switches(self) -> tuple[str, ...]:
        """What Chromium is started with to use this service."""
        return (
            f"--gcm-checkin-url={self.site}/checkin",
            f"--gcm-registration-url={self.site}/register3",
            f"--gcm-mcs-endpoint={self.mcs}",
        )

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status, kind, answer = self._answer(first.split(" ")[1], headers, body)
            length = f"Content-Length: {len(answer)}\r\nConnection: close"
            writer.write(f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{length}\r\n\r\n".encode() + answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        if path in self._files:
            return (200, *self._files[path])
        if path.startswith("/act/"):
            self.clicks.append(path)
            return 204, "text/plain", b""
        if path == "/checkin":
            device = integer(1, 1) + fixed64(7, secrets.randbits(62)) + fixed64(8, secrets.randbits(62))
            return 200, "application/x-protobuf", device
        if path == "/register3":
            return 200, "text/plain", self._register(dict(parse_qsl(body.decode(), keep_blank_values=True)))
        if path.startswith("/fcm/send/"):
            return self._push(path.removeprefix("/fcm/send/"), headers, body), "text/plain", b""
        return 404, "text/plain", b""

    def _register(self, form: dict[str, str]) -> bytes:
        if form.get("delete") == "true":
            mine = form["X-subtype"]
            self._subscriptions = {t: f for t, f in self._subscriptions.items() if f.get("X-subtype") != mine}
            self.ended.set()
            return f"token={mine}".encode()
        token = secrets.token_urlsafe(24)
        self._subscriptions[token] = form
        return f"token={token}".encode()

    def _push(self, token: str, headers: dict[str, str], body: bytes) -> int:
        subscription = self._subscriptions.get(token)
        if subscription is None:
            return 410
        key = headers.get("authorization", "").partition("k=")[2]
        if not key or key != subscription["sender"]:
            return 403
        message = text(2, secrets.token_hex(4)) + text(3, subscription["sender"]) + text(5, subscription["app"])
        message += text(7, text(1, "subtype") + text(2, subscription["X-subtype"]))
        message += text(7, text(1, "content-encoding") + text(2, headers["content-encoding"]))
        message += text(9, secrets.token_hex(8)) + integer(17, int(headers["ttl"])) + text(21, body)
        self._stored.append(message)
        self._deliver()
        return 201

    def _deliver(self) -> None:
        """Send what is stored, if the browser is there."""
        if self._browser is not None:
            for message in self._stored:
                self._browser.write(_frame(_MESSAGE, message))
            self._stored.clear()

    async def _messages(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be the far end of the browser's connection."""
        try:
            await reader.readexactly(1)
            writer.write(bytes([_VERSION]))
            while True:
                tag = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await read_varint(reader))
                if tag == _LOGIN:
                    writer.write(_frame(_LOGIN_ANSWER, text(1, dict(read(body)).get(1, b"") or b"chrome")))
                    self._browser = writer
                    self._deliver()
                elif tag == _PING:
                    writer.write(_frame(_PING_ANSWER, b""))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._browser = None if self._browser is writer else self._browser
            writer.close()


def _frame(tag: int, body: bytes) -> bytes:
    return bytes([tag]) + varint(len(body)) + body
