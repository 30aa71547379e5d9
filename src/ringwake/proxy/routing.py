"""Request forwarding (RFC 3261 sections 16.4 and 16.6): routes off, routes on, one hop less to go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ringwake.model.ports import Seal
from ringwake.proxy.flow_token import FlowToken
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS, max_forwards
from ringwake.sip.flow import Flow, Transport
from ringwake.sip.grammar import closing_quote
from ringwake.sip.headers import Headers
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.push_params import MPUSH
from ringwake.sip.redaction import clean_field, clean_uri, may_hold_token, names_token
from ringwake.sip.status import reason
from ringwake.sip.uri import Uri, parse_uri


@dataclass(frozen=True, slots=True)
class Routed:
    """A request after route processing."""

    request: Request
    """Without the Route values that were ours."""
    tokens: tuple[FlowToken, ...]
    """What they said, topmost first. Inside a dialog of ours there are two: the sender's side, then the other side."""
    is_forged: bool
    """Whether a Route named us but its token is not one of ours: somebody made it up."""

    @property
    def shift(self) -> int:
        """How much higher whom it goes to counts CSeq (`FlowToken.shift`).

        A call that came back from a PBX which records no route has passed us twice, and has four tokens: those that
        the sender faces stand at even places, and what was shifted on the way to them is none of its requests'.
        """
        return sum(token.shift for token in self.tokens[1::2])


def take_routes(request: Request, seal: Seal, own: frozenset[tuple[str, int]]) -> Routed:
    """Remove the topmost Route values that name this server (section 16.4).

    Args:
        request: left as it is; the result has a copy.
        seal: opens our tokens.
        own: host and port of each listener.

    Raises:
        ParseError: a Route is malformed.
    """
    request = request.copy()
    tokens: list[FlowToken] = []
    is_forged = False
    routes = [parse_address(value).sip_uri for value in request.headers.values("route")]
    target = parse_uri(request.uri)
    if routes and "lr" in target.params and _token(target, seal):
        # A strict router put our Record-Route into the Request-URI: the real one is the last Route.
        request.uri = str(routes.pop())
        routes.insert(0, target)
        request.headers.replace_values("route", [f"<{route}>" for route in routes])
    for route in routes:
        token = _token(route, seal)
        if token is None and (route.host.strip("[]").lower(), route.port or 5060) not in own:
            break
        request.headers.drop_first("route")
        if token is not None:
            tokens.append(token)
        elif route.user is not None:
            is_forged = True
    return Routed(request, tuple(tokens), is_forged)


def _token(uri: Uri, seal: Seal) -> FlowToken | None:
    return None if uri.user is None else FlowToken.open(seal, uri.user)


def record_route(token: FlowToken, seal: Seal) -> str:
    """Write the Record-Route value that faces one side of a dialog: our address on that side's flow.

    A side on TLS is told `transport=tls`, against RFC 5658 section 5: Linphone and PJSIP take `tcp` at its word, dial
    our TLS port in the clear, and their BYE never comes. With `sips:` the callee would have to be SIPS too (RFC 3261
    section 12.1.1), and out of reach for a caller on UDP.
    """
    return _our_route(token, seal, "")


def path_value(token: FlowToken, seal: Seal, *, keeps_flow: bool) -> str:
    """Write our Path value (RFC 3327), which the PBX is to send back as Route: our address on the PBX's side.

    `keeps_flow` says that we are the phone's first hop and keep its flow: `ob` (RFC 5626 section 5.1).
    """
    return _our_route(token, seal, ";ob" if keeps_flow else "")


def _our_route(token: FlowToken, seal: Seal, mark: str) -> str:
    local, transport = token.flow.local, token.flow.transport
    name = transport.value if transport is Transport.TLS else transport.uri_parameter
    return f"<sip:{token.seal(seal)}@{local};transport={name};lr{mark}>"


def via(flow: Flow, branch: str) -> str:
    """Write our Via for a request down a flow (section 16.6 step 8)."""
    return f"SIP/2.0/{flow.transport.via} {flow.local};rport;branch={branch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Where a request goes next."""

    flow: Flow
    branch: str
    uri: str = ""
    """Request-URI, if it is to be another: the phone's Contact (section 16.6 step 2), but for its header fields."""
    record_routes: tuple[str, ...] = ()
    """Record-Route values to add, the one that faces the next hop first."""
    path: tuple[str, ...] = ()
    """Path of the phone's REGISTER (RFC 3327), topmost first."""
    is_to_pbx: bool = False
    """Whether it goes to the PBX that asks for credentials, and has to see them."""


def forward(request: Request, hop: Hop) -> Request:
    """Build the request that goes to the next hop (section 16.6 steps 1 to 9). The body is not touched."""
    copy = request.copy()
    headers = copy.headers
    if hop.uri:
        # Header fields of a Contact go no further: they would become fields of the request (section 19.1.5).
        copy.uri = str(replace(parse_uri(hop.uri), headers="")) if "?" in hop.uri else hop.uri
    left = max_forwards(headers)
    headers.set("max-forwards", str(DEFAULT_MAX_FORWARDS if left is None else max(0, left - 1)))
    for value in reversed(hop.record_routes):
        headers.push("record-route", value)
    if not hop.is_to_pbx:
        headers.remove("proxy-authorization")
    strip_tokens(copy)
    preload(copy, hop.path)
    headers.push("via", via(hop.flow, hop.branch))
    return copy


def preload(request: Request, path: Sequence[str]) -> None:
    """Write a Path as Route, ahead of what stands there (RFC 3327 section 5.4).

    If the next Route is then a strict router's, the Request-URI is written as that wants it (section 16.6 step 6).
    """
    for value in reversed(path):
        request.headers.push("route", value)
    routes = request.headers.values("route")
    if routes and "lr" not in (following := parse_address(routes[0]).sip_uri).params:
        request.headers.replace_values("route", [*routes[1:], f"<{request.uri}>"])
        request.uri = str(following)


def strip_tokens(message: Message) -> None:
    """Remove push tokens, in whatever dialect, from a message that goes to somebody else (RFC 8599 section 13).

    From whichever field it is: a phone's Contact comes back in Refer-To, Diversion, History-Info and others, and in the
    Request-URI. Call-ID alone stays, or nobody would find the dialog; bodies are not touched.
    """
    message.headers.remove(MPUSH)
    if not may_hold_token(f"{message.start_line()}\n{message.headers.text()}"):
        return
    _clean_contacts(message.headers)
    message.headers.rewrite(_without_tokens)
    if isinstance(message, Request):
        message.uri = clean_uri(message.uri)
    elif isinstance(message, Response) and names_token(message.reason):
        message.reason = reason(message.status)


def _clean_contacts(headers: Headers) -> None:
    """Take tokens out of Contacts. One that has any and cannot be read goes: the other side would send there."""
    if not any(names_token(text) for text in headers.texts("contact")):
        return
    try:
        written = headers.values("contact")
    except ParseError:
        written = []
    headers.replace_values("contact", [clean for value in written if (clean := _clean_contact(value))])


def _clean_contact(value: str) -> str:
    """Return a Contact without tokens; empty when it cannot be read."""
    try:
        contact = parse_address(value)
        uri, params = clean_uri(str(contact.sip_uri)), clean_field(str(contact.params))
    except ParseError:
        return ""
    opened = value.find("<", closing_quote(value, 0) if value.startswith('"') else 0)
    display = value[: max(0, opened)]
    return f"{'' if names_token(display) else display}<{uri}>{params}"


def _without_tokens(key: str, text: str) -> str:
    """Return a field without tokens; empty when it cannot be read: then it cannot be cleaned, and may not pass."""
    if key == "call-id" or not names_token(text):
        return text
    try:
        return clean_field(text)
    except ParseError:
        return ""


def upstream(response: Response) -> Response:
    """Return a response as it goes on: our Via off (section 16.7 step 3), no token in its Contact."""
    copy = response.copy()
    copy.headers.drop_first("via")
    strip_tokens(copy)
    return copy
