"""Writing a message in the name of an account: an operator does so by the API, a person from a notification.

One to an account of ours is kept like any other. Everything else goes to the PBX of the sender's tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.edge.keep_message import Letter, keep
from ringwake.edge.message_wakes import undisturbed
from ringwake.edge.upstream.standing import standing_of
from ringwake.edge.upstream.upward_relay import CHALLENGES, of_realm
from ringwake.model.account import Account, Aor
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import Log
from ringwake.model.message_ops import Kept, MailboxFull
from ringwake.model.store_ops import Failed
from ringwake.model.tenant import PbxAnswers, Upstream
from ringwake.proxy.routing import via
from ringwake.sip.errors import SipError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.flow import Flow
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import MESSAGE
from ringwake.sip.uri import parse_uri
from ringwake.sip.via import COOKIE
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity
from ringwake.wake.outgoing_message import OutgoingMessage, Route
from ringwake.wake.screening import screen
from ringwake.wake.who_calls import who_calls

_NOWHERE = "SIP/2.0/TCP ringwake.invalid;branch="
"""Begins the Via of a message that has not come by any hop; what goes to a phone or a PBX has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """A message that is to be written."""

    sender: Aor
    to: str
    """A SIP URI, an address of record, or a telephone number: `tel:`, or what the PBX understands."""
    body: bytes
    content_type: str = "text/plain;charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What has become of it."""

    id: str
    """Of its entry in the history."""
    trace: str
    to: str
    """As a SIP URI."""
    outcome: Outcome
    """WAITING: kept for the phones of an account. SENT: the PBX has it. REFUSED: neither."""
    status: int
    """Of SIP, as a sender would have heard it; 503 if it could not be kept."""


Told: TypeAlias = Callable[[Fate], None]


def send_message(core: Core, writing: Writing, now: float, *, told: Told) -> Effects:
    """Send a message; `told` hears once what has become of it, for a PBX that does not answer after minutes.

    Raises:
        SipError: 413 too long; 400 no address that a message can go to; 403 nobody here relays there; 404 no such
            account; 433 or 603 the account does not want it.
    """
    if len(writing.body) > core.max_message:
        raise SipError(413, "the message is too long")
    request = _written(core, writing)
    domain, callee = writing.sender.rpartition("@")[2], parse_uri(request.uri)
    tenant = core.directory.tenant(domain)
    account = core.directory.account(Aor(callee.aor))
    if account is not None:
        return _to_account(core, request, account, now, told=told)
    if tenant is not None and tenant.upstream is not Upstream.NONE:
        return _to_pbx(core, request, writing.sender, now, told=told)
    if core.directory.is_local(callee.host.lower()):
        raise SipError(404, "no such account")
    raise SipError(403, "this server relays to its own accounts only")


def _written(core: Core, writing: Writing) -> Request:
    """Build the request.

    Raises:
        SipError: 400, it can go nowhere.
    """
    user, _, domain = writing.sender.rpartition("@")
    headers = Headers()
    headers.append("via", f"{_NOWHERE}{COOKIE}{core.ids.hex(24)}")
    headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
    headers.append("from", f"<{parse_uri(f'sip:{user}@{domain}')}>;tag={core.tag()}")
    uri = _address(writing.to, domain)
    headers.append("to", f"<{uri}>")
    headers.append("call-id", core.ids.hex(24))
    headers.append("cseq", f"1 {MESSAGE}")
    headers.append("content-type", writing.content_type)
    request = Request(headers, writing.body, method=MESSAGE, uri=uri)
    request.encode()  # or a line break in a field would only be found when it goes out
    return request


def _address(to: str, domain: str) -> str:
    name, _, rest = to.partition(":")
    if name.lower() == "tel":
        to = f"sip:{rest.partition(';')[0]}@{domain}"
    elif name.lower() not in ("sip", "sips"):
        to = f"sip:{to}" if "@" in to else f"sip:{to}@{domain}"
    uri = parse_uri(to)
    if uri.user is None:
        raise SipError(400, "the address names nobody")
    return f"{uri.scheme}:{uri.user}@{uri.host}" + (f":{uri.port}" if uri.port else "")


def _to_account(core: Core, request: Request, account: Account, now: float, *, told: Told) -> Effects:
    caller = who_calls(request, is_trusted=False)
    verdict = screen(caller, account.settings.calls, zone=core.means.zone, wall=core.wall(now))
    if verdict is not None and verdict.outcome is Outcome.BLOCKED:
        raise SipError(verdict.status, verdict.rule)
    fate = {"id": core.key("message", request, account.aor), "trace": core.trace(request), "to": request.uri}

    def kept(result: Kept | MailboxFull | Failed, now: float) -> Effects:
        del now
        match result:
            case Kept():
                told(Fate(**fate, outcome=Outcome.WAITING, status=202))
            case MailboxFull():
                told(Fate(**fate, outcome=Outcome.REFUSED, status=480))
            case Failed():
                told(Fate(**fate, outcome=Outcome.REFUSED, status=503))
        return NOTHING

    return keep(core, Letter(request=request, account=undisturbed(core, account, request, now)), now, told=kept)


def _to_pbx(core: Core, request: Request, sender: Aor, now: float, *, told: Told) -> Effects:
    if request.uri.startswith("sips:"):
        raise SipError(403, "the way to the PBX is not known to be secure")
    entry = Entry(
        id=core.key("sent", request, sender),
        trace=core.trace(request),
        aor=sender,
        kind=EntryKind.MESSAGE,
        outcome=Outcome.WAITING,
        peer_uri=request.uri,
        at=core.wall(now),
        is_outgoing=True,
        is_read=True,
    )

    def ended(status: int, now: float) -> Effects:
        is_sent = status < 300
        outcome = Outcome.SENT if is_sent else Outcome.REFUSED
        fate = Fate(id=entry.id, trace=entry.trace, to=request.uri, outcome=outcome, status=status)

        def listed(_: int | Failed, now: float) -> Effects:
            del now
            told(fate)
            return NOTHING

        fields: dict[str, Field] = {"aor": sender, "status": status}
        what = Happened.MESSAGE_SENT if is_sent else Happened.MESSAGE_REFUSED
        op = Log(replace(entry, outcome=outcome, ended_at=core.wall(now), status=status))
        return (Persist(op, then=listed, otherwise=listed), Note(Event(what, now, entry.trace, fields)))

    route = Route(
        compose=lambda flow, refusals: _composed(core, request, flow, refusals),
        find=lambda: core.trunks.flow(sender.rpartition("@")[2]),
        prove=_prover(core, sender),
    )
    outgoing = OutgoingMessage(route, ended=ended)
    core.calls.add(entry.id, outgoing, transaction=None)
    return core.calls.keep(entry.id, outgoing.start(now), now)


def _composed(core: Core, request: Request, flow: Flow, refusals: int) -> Request:
    """Build what goes down a flow: sent again after a silence it is a retransmission, after a refusal a new request."""
    made = request.copy()
    branch = core.seal.digest("branch", f"{request.call_id} {refusals}".encode())
    made.headers.set("via", via(flow, COOKIE + branch))
    made.headers.set("cseq", f"{refusals + 1} {MESSAGE}")
    return made


def _prover(core: Core, sender: Aor) -> Callable[[Request, Response], Request | None]:
    """Return what answers the PBX's challenge, in its own realm alone, where we hold a login (ADR 0023)."""
    account, tenant = core.directory.account(sender), core.directory.tenant(sender.rpartition("@")[2])
    login = (
        account.pbx
        if account is not None and tenant is not None and tenant.pbx_answers is not PbxAnswers.NEVER
        else None
    )
    if login is None or tenant is None:
        return lambda *_: None
    realm = login.realm or standing_of(core, tenant).realm
    if not realm:
        return lambda *_: None
    identity = Identity(user=login.user, domain=tenant.domain, password=login.password)

    def prove(sent: Request, response: Response) -> Request | None:
        is_asked = response.status in CHALLENGES
        return retry(sent, of_realm(response, realm), identity, core.ids) if is_asked else None

    return prove
