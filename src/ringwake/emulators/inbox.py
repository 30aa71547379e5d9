"""The inbox' listener: WebSocket over TLS, one desk per connection (docs/reference/inbox.md)."""

import asyncio
import logging
import ssl
from hmac import compare_digest
from http import HTTPStatus
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ringwake.emulators.control_desk import ControlDesk
from ringwake.emulators.device import Device
from ringwake.emulators.directory import DirectoryError
from ringwake.emulators.inbox_request import InboxError, InboxRequest, read_request
from ringwake.emulators.link import WebSocketLink
from ringwake.emulators.office import Office
from ringwake.emulators.phone_desk import PhoneDesk

VERSION = 1
MOST_OCTETS = 65_536
MOST_CONNECTIONS = 128
FIRST_MESSAGE_SECONDS = 10.0
GOODBYE, BAD_FIRST_MESSAGE, WRONG_SECRET, NO_FIRST_MESSAGE, TOO_MANY = 1000, 4000, 4003, 4008, 4009
# What passes here are tokens and secrets: the library's log, which would show them, goes nowhere.
_silent = logging.getLogger("ringwake.emulators.websocket")
_silent.setLevel(logging.CRITICAL + 1)
_silent.propagate = False


class Desk(Protocol):
    """Serves one connection after its first message."""

    async def answer(self, request: InboxRequest) -> dict[str, object] | None:
        """Return the answer, if this request has one."""
        ...


class Inbox:
    """Accepts phones and control connections until closed."""

    def __init__(self, office: Office, *, tls: ssl.SSLContext, control_secret: str) -> None:
        self._office = office
        self._tls = tls
        self._control_secret = control_secret
        self._server: Server | None = None
        self._connections = 0

    async def open(self, host: str, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._server = await serve(
            self._serve,
            host,
            port,
            ssl=self._tls,
            process_request=_check_origin,
            compression=None,
            max_size=MOST_OCTETS,
            open_timeout=FIRST_MESSAGE_SECONDS,
            close_timeout=1,
            logger=_silent,
            server_header=None,
        )

    @property
    def port(self) -> int:
        """The port listened on."""
        assert self._server is not None
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    async def close(self) -> None:
        """Close all connections and return when they are gone."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, connection: ServerConnection) -> None:
        if self._connections >= MOST_CONNECTIONS:
            await connection.close(TOO_MANY, "too many connections")
            return
        self._connections += 1
        link = WebSocketLink(connection)
        sender = asyncio.create_task(link.run())
        try:
            await self._talk(connection, link)
        except ConnectionClosed:
            pass
        finally:
            self._connections -= 1
            link.end(GOODBYE, "")
            await sender

    async def _talk(self, connection: ServerConnection, link: WebSocketLink) -> None:
        try:
            async with self._office.clock.limit(FIRST_MESSAGE_SECONDS):
                first = await connection.recv()
        except TimeoutError:
            link.end(NO_FIRST_MESSAGE, "no first message")
            return
        desk, device = self._admit(first, link)
        try:
            while desk is not None:
                await self._answer(desk, await connection.recv(), link)
        finally:
            if device is not None and device.detach(link):
                self._office.journal.note("inbox", "detached", kind=device.name)

    def _admit(self, message: str | bytes, link: WebSocketLink) -> tuple[Desk | None, Device | None]:
        """Find out who this is; a stranger is told so and the link ended."""
        ref: dict[str, object] = {}
        try:
            request = read_request(message)
            ref = request.ref
            return self._welcome(request, link)
        except (InboxError, DirectoryError) as error:
            self._office.journal.note("inbox", "refused", reason=error.code)
            link.send({"op": "error", **ref, "error": error.code, "message": str(error)})
            link.end(WRONG_SECRET if error.code == "wrong_secret" else BAD_FIRST_MESSAGE, error.code)
            return None, None

    def _welcome(self, request: InboxRequest, link: WebSocketLink) -> tuple[Desk, Device | None]:
        match request.op:
            case "attach":
                device = self._attach(request, link)
                return PhoneDesk(self._office, device), device
            case "control":
                return self._control(request, link), None
            case _:
                raise InboxError("not_attached", "attach or control comes first")

    def _attach(self, request: InboxRequest, link: WebSocketLink) -> Device:
        device, is_new = self._office.directory.device(request.device(), request.secret())
        waiting = self._office.mailroom.waiting(device)
        about = {"device": device.name, "new": is_new, "waiting": waiting}
        link.send({"op": "attached", **request.ref, "v": VERSION, **about})
        self._office.journal.note("inbox", "attached", kind=device.name)
        self._office.mailroom.attach(device, link)
        return device

    def _control(self, request: InboxRequest, link: WebSocketLink) -> Desk:
        if not compare_digest(request.secret(), self._control_secret):
            raise InboxError("wrong_secret", "the control door has another secret")
        link.send({"op": "controlling", **request.ref, "v": VERSION})
        return ControlDesk(self._office)

    async def _answer(self, desk: Desk, message: str | bytes, link: WebSocketLink) -> None:
        ref: dict[str, object] = {}
        try:
            request = read_request(message)
            ref = request.ref
            answer = await desk.answer(request)
        except (InboxError, DirectoryError) as error:
            self._office.journal.note("inbox", "refused", reason=error.code)
            answer = {"op": "error", "error": error.code, "message": str(error)}
        if answer is not None:
            link.send({**answer, **ref})
        await link.room()


def _check_origin(connection: ServerConnection, request: Request) -> Response | None:
    """Refuse pages from elsewhere: a browser would connect to loopback for anybody."""
    for origin in request.headers.get_all("Origin"):
        if not _is_loopback(origin):
            return connection.respond(HTTPStatus.FORBIDDEN, "only pages from this machine\n")
    return None


def _is_loopback(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
