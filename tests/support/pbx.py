"""A PBX in the simulated world: a small registrar that is as good or as bad as it is told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.support.digest import credentials
from tests.support.recorder import Recorder
from tests.support.sip_messages import octets, received_request
from tests.support.world import DOMAIN, SERVER, World

from ringwake.sip.address import parse_address
from ringwake.sip.dialog import Dialog
from ringwake.sip.fields import contact_expires, expires
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.methods import INVITE, REGISTER
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply

ADDRESS = Address("10.9.9.9", 5060)
OTHER, OTHER_ADDRESS = "example.net", Address("10.9.9.10", 5060)
"""Another tenant, and its PBX."""
REALM = "pbx.example"
ANSWERED = re.compile(r'response="([0-9a-f]+)"')
Verdict: TypeAlias = tuple[int, tuple[tuple[str, str], ...]]
"""A status and fields: what a REGISTER is answered with."""


@dataclass(slots=True)
class Bound:
    """A Contact that the PBX has."""

    uri: str
    contact: str
    """As it was written, without `expires`."""
    path: list[str]
    expires: int


@dataclass
class Pbx:
    """One PBX. It registers by itself; calls are as the test wants them."""

    world: World
    domain: str = DOMAIN
    address: Address = ADDRESS
    transport: Transport = Transport.UDP
    asks: bool = True
    """Whether REGISTER needs credentials."""
    grant: int | None = None
    """Seconds that everybody gets; None: what was asked for."""
    is_silent: bool = False
    """Whether REGISTERs stay without an answer."""
    is_looping: bool = False
    """Whether no credentials are ever right."""
    rewrites: str = ""
    """Host and port that it writes into Contacts in place of their own."""
    verdict: Callable[[Request], Verdict | None] = lambda _: None
    """What a REGISTER is answered with, if not by the registrar."""
    on_request: Callable[[Request], None] = lambda _: None
    """Called with every other request."""
    on_response: Callable[[Response], None] = lambda _: None
    """Called with every response."""
    bindings: dict[str, dict[str, Bound]] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    """Every message that came."""
    _nonces: int = 0
    _serial: int = 0

    def __post_init__(self) -> None:
        self.recorder = Recorder()
        self.recorder.answer = self._hear
        self.carrier = self.world.network.carrier(self.transport, self.address, self.recorder)

    # ---- what it has heard

    @property
    def heard(self) -> list[Message]:
        """All messages, in order."""
        return [parse(message) for message in self.received]

    def requests(self, method: str) -> list[Request]:
        """Requests of a method, each once."""
        found = [message for message in self.heard if isinstance(message, Request) and message.method == method]
        return list({request.via.branch: request for request in found}.values())

    def registers(self, user: str = "alice") -> list[Request]:
        """REGISTERs of an account, each once."""
        return [r for r in self.requests(REGISTER) if f"sip:{user}@{self.domain}" in (r.headers.get("to") or "")]

    def responses(self, request: Request) -> list[Response]:
        """Responses to a request of its own."""
        found = [message for message in self.heard if isinstance(message, Response)]
        return [r for r in found if r.via.branch == request.via.branch and r.cseq.method == request.method]

    def bound(self, user: str = "alice") -> list[Bound]:
        """What it knows of an account."""
        return list(self.bindings.get(f"{user}@{self.domain}", {}).values())

    # ---- what it says

    @property
    def flow(self) -> Flow:
        """The way to the server: on TCP what the server has dialled last."""
        if self.transport is Transport.UDP:
            return Flow(Transport.UDP, self.address, SERVER)
        return next(flow for flow in reversed(self.recorder.open) if self.carrier.is_open(flow))

    @property
    def via(self) -> str:
        """A Via of a new transaction."""
        self._serial += 1
        return f"SIP/2.0/{self.transport.via} {self.address};rport;branch=z9hG4bK-pbx-{self._serial}"

    @property
    def contact(self) -> tuple[str, str]:
        """Its own Contact."""
        return ("contact", f"<sip:pbx@{self.address};transport={self.transport.uri_parameter}>")

    def send(self, message: Message, *, flow: Flow | None = None) -> None:
        """Send, and wait for nothing."""
        assert self.carrier.send(flow or self.flow, message.encode())

    def write(self, method: str, uri: str, *fields: str, user: str = "alice", call_id: str = "") -> Request:
        """Write a request of its own to an account."""
        via, serial = self.via, self._serial
        lines = [
            f"Via: {via}",
            "Max-Forwards: 70",
            f"From: <sip:boss@{self.domain}>;tag=pbx-{serial}",
            f"To: <sip:{user}@{self.domain}>",
            f"Call-ID: {call_id or f'call-{serial}@pbx'}",
            f"CSeq: 1 {method}",
            f"Contact: {self.contact[1]}",
            *fields,
            "Content-Length: 0",
        ]
        return received_request(octets(f"{method} {uri} SIP/2.0", *lines))

    def fork(self, method: str = INVITE, *fields: str, user: str = "alice", call_id: str = "") -> list[Request]:
        """Send a request to each Contact of an account, as a proxy that forks: one call, several branches."""
        call_id = call_id or f"fork-{self._serial}@pbx"
        made: list[Request] = []
        for bound in self.bound(user):
            routes = [f"Route: {path}" for path in bound.path]
            request = self.write(method, bound.uri, *routes, *fields, user=user, call_id=call_id)
            if made:
                request.headers.set("from", made[0].headers.get("from") or "")
            made.append(request)
            self.send(request)
        return made

    def answer(self, request: Request, status: int, *fields: tuple[str, str], tag: str = "pbx") -> Response:
        """Answer a request that came, with its Record-Route and a Contact."""
        routes = [("record-route", text) for text in request.headers.texts("record-route")]
        response = reply(request, status, to_tag=tag, headers=(*routes, self.contact, *fields))
        self.send(response)
        return response

    def ask_for_credentials(self, request: Request, *, status: int = 407, realm: str = REALM) -> None:
        """Challenge a request."""
        key = "proxy-authenticate" if status == 407 else "www-authenticate"
        self.send(reply(request, status, to_tag="asks", headers=[(key, self.challenge(realm))]))

    def challenge(self, realm: str = REALM) -> str:
        """Return a new challenge."""
        self._nonces += 1
        return f'Digest realm="{realm}", nonce="nonce-{self._nonces}-of-the-pbx", algorithm=MD5'

    def in_dialog(self, dialog: Dialog, method: str, *, seq: int | None = None) -> Request:
        """Write a request inside a dialog."""
        return dialog.request(method, via=self.via, seq=seq)

    def is_right(self, request: Request, *, key: str = "authorization", user: str, password: str) -> bool:
        """Tell whether credentials are right, reckoned anew."""
        for text in request.headers.texts(key):
            nonce = re.search(r'nonce="(nonce-\d+-of-the-pbx)"', text)
            uri, answered = re.search(r'uri="([^"]*)"', text), ANSWERED.search(text)
            if not (nonce and uri and answered and f'username="{user}"' in text):
                continue
            challenge = f'Digest realm="{REALM}", nonce="{nonce[1]}"'
            right = credentials([challenge], user=user, password=password, method=request.method, uri=uri[1])
            return answered[1] in right
        return False

    # ---- inside

    def _hear(self, flow: Flow, message: bytes) -> None:
        self.received.append(message)
        request = parse(message)
        if isinstance(request, Response):
            self.on_response(request)
            return
        assert isinstance(request, Request)
        if request.method != REGISTER:
            self.on_request(request)
        elif not self.is_silent:
            status, fields = self.verdict(request) or self._registered(request)
            self.send(reply(request, status, to_tag="registrar", headers=fields), flow=flow)

    def _registered(self, request: Request) -> Verdict:
        user = parse_address(request.headers.get("to") or "").sip_uri.user or ""
        right = self.is_right(request, user=pbx_user(user), password=pbx_password(user)) or self.is_right(
            request, user=user, password=f"{user}-password"
        )
        if self.is_looping or (self.asks and not right):
            return 401, (("www-authenticate", self.challenge()),)
        known = self.bindings.setdefault(f"{user}@{self.domain}", {})
        default = expires(request.headers)
        for value in request.headers.values("contact"):
            if value == "*":
                known.clear()
                continue
            contact = parse_address(value)
            asked = contact_expires(contact)
            asked = 3600 if (asked := default if asked is None else asked) is None else asked
            known.pop(contact.uri, None)
            if asked:
                written = f"<{contact.uri}>{contact.params.without('expires')}"
                path = request.headers.values("path")
                known[contact.uri] = Bound(contact.uri, written, path, self.grant or asked)
        fields = [("contact", f"{self._as_stored(bound.contact)};expires={bound.expires}") for bound in known.values()]
        return 200, (*fields, *(("path", value) for value in request.headers.values("path")))

    def _as_stored(self, contact: str) -> str:
        return re.sub(r"@[^;>]+", f"@{self.rewrites}", contact) if self.rewrites else contact


def pbx_user(user: str) -> str:
    """Return the user name of a login at the PBX that we hold."""
    return f"ext-{user}"


def pbx_password(user: str) -> str:
    """Return its password."""
    return f"{user}-at-the-pbx"
