"""Where a request goes: read it as a table of contents (design.md section 3, "One call", step 2)."""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.admission import hide_ticket
from ringwake.edge.answers import ALLOW, CAPABILITIES, turn_away
from ringwake.edge.cancel import cancel
from ringwake.edge.core import Core
from ringwake.edge.gate import CLAIMS
from ringwake.edge.in_dialog import ack, in_dialog
from ringwake.edge.invite import invite
from ringwake.edge.message import message
from ringwake.edge.stand_alone import stand_alone
from ringwake.edge.upstream.inward import from_pbx
from ringwake.edge.upstream.outward import outward, tenant_of_call
from ringwake.edge.upstream.registration import registration
from ringwake.edge.virtual_uas import virtual_uas
from ringwake.model.account import Account, Aor
from ringwake.model.effects import NOTHING, Effects, Respond
from ringwake.proxy.contact_user import opened_contact
from ringwake.proxy.loops import check_loop
from ringwake.proxy.purr import purr_of
from ringwake.proxy.routing import Routed, take_routes
from ringwake.proxy.validation import check_extensions, validate
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address, option_tags
from ringwake.sip.methods import BYE, CANCEL, INFO, INVITE, KNOWN, MESSAGE, OPTIONS, PRACK, REGISTER, UPDATE
from ringwake.sip.replies import stateless_reply
from ringwake.sip.transactions.events import AckArrived, RequestArrived
from ringwake.sip.uri import Uri

# Methods that have no meaning outside a dialog.
_INSIDE = frozenset({BYE, PRACK, UPDATE, INFO})
_UNKNOWN = "the dialog is not known here"
_OWN = f"{OPTIONS}, {REGISTER}"


def request(core: Core, arrived: RequestArrived, now: float) -> Effects:
    """Serve a request, or answer why not."""
    try:
        return _route(core, arrived, now)
    except SipError as error:
        return turn_away(arrived.transaction, arrived.request, error, now=now)


def acknowledge(core: Core, arrived: AckArrived) -> Effects:
    """Pass an ACK on. Nobody answers an ACK, so a bad one is dropped."""
    try:
        validate(arrived.request)
        hide_ticket(arrived.request)
        return ack(core, _without_path(take_routes(arrived.request, core.seal, core.own)))
    except SipError:
        return NOTHING


def _route(core: Core, arrived: RequestArrived, now: float) -> Effects:
    uri = validate(arrived.request)
    if arrived.request.method == CANCEL:
        return cancel(core, arrived, now)
    if arrived.request.method != REGISTER:
        hide_ticket(arrived.request)
        check_extensions(arrived.request)
    routed = take_routes(arrived.request, core.seal, core.own)
    arrived = replace(arrived, request=routed.request)
    has_tag = bool(address(arrived.request.headers, "to").tag)
    routed = _without_path(routed) if has_tag else routed
    if has_tag and (uas := virtual_uas(core, arrived.request)) is not None:
        return uas.request(core, arrived, now)
    if routed.tokens and routed.tokens[-1].is_path and not routed.is_forged:
        path = routed.tokens[-1]
        return from_pbx(core, arrived, Aor(path.aor), now, only=path.binding)
    if routed.tokens and has_tag:
        _drop_claims(core, arrived)
        return in_dialog(core, arrived, routed, now)
    if routed.tokens or routed.is_forged:
        raise SipError(403, "a Route is not one of ours, or begins no dialog")
    if has_tag or arrived.request.method in _INSIDE:
        return _astray(core, arrived, uri, now, has_tag=has_tag)
    if arrived.request.method == REGISTER:
        return registration(core, arrived, now)
    if _is_for_us(core, uri):
        return _ourselves(arrived)
    return _to_account(core, arrived, uri, now)


def _without_path(routed: Routed) -> Routed:
    """Take our Path off a request inside a dialog: Asterisk writes it behind the Routes there, too.

    Else a hold would be a new call, and wake the phone.
    """
    tokens = tuple(token for token in routed.tokens if not token.is_path)
    return replace(routed, tokens=tokens) if tokens else routed


def _astray(core: Core, arrived: RequestArrived, uri: Uri, now: float, *, has_tag: bool) -> Effects:
    """Pass on what belongs to a dialog but came without the Route that we gave it.

    A proxy goes by the Request-URI (section 16.5), and the phone knows its dialogs.
    """
    is_for_account = has_tag and arrived.request.method != REGISTER and uri.user is not None
    if not is_for_account or not (_is_ours(core, uri) or purr_of(arrived.request, core.seal)):
        raise SipError(481, _UNKNOWN)
    _let_in(core, arrived, now)
    callee = _callee(core, arrived, uri)
    if callee is None:
        raise SipError(481, _UNKNOWN)
    account, only = callee
    return stand_alone(core, arrived, account, now, only=only)


def _let_in(core: Core, arrived: RequestArrived, now: float) -> None:
    check_loop(arrived.request, core.seal)
    core.gate.caller(arrived.request, arrived.flow, now)
    _drop_claims(core, arrived)


def _to_account(core: Core, arrived: RequestArrived, uri: Uri, now: float) -> Effects:
    if (aor := opened_contact(uri, core.seal)) is not None:
        return from_pbx(core, arrived, aor, now)
    tenant = tenant_of_call(core, arrived, uri)
    if tenant is not None:
        _drop_claims(core, arrived)
        return outward(core, arrived, tenant, now)
    _let_in(core, arrived, now)
    callee = _callee(core, arrived, uri)
    if callee is None and not _is_ours(core, uri):
        raise SipError(403, "this server relays to its own accounts only")
    if callee is None:
        raise SipError(404, "no such account")
    account, only = callee
    if arrived.request.method == MESSAGE:
        return message(core, arrived, account, now, only=only)
    recipe = invite if arrived.request.method == INVITE else stand_alone
    return recipe(core, arrived, account, now, only=only)


def _drop_claims(core: Core, arrived: RequestArrived) -> None:
    """Only a trusted peer may say who is calling but for From, which was checked (RFC 3325 section 5)."""
    headers = arrived.request.headers
    if any(key in headers for key in CLAIMS) and not core.gate.is_peer(arrived.flow):
        headers.remove(*CLAIMS)


def _ourselves(arrived: RequestArrived) -> Effects:
    """Answer a request to the server itself: OPTIONS asks whether we live, and anybody may."""
    request = arrived.request
    if request.method not in KNOWN:
        raise SipError(501, "no such method here", (("allow", ALLOW),))
    if request.method != OPTIONS:
        raise SipError(405, "the server itself takes OPTIONS and REGISTER", (("allow", _OWN),))
    required = option_tags(request.headers, "require")
    if required:
        raise SipError(420, "an extension is required", (("unsupported", ", ".join(required)),))
    # Without state, like a refusal: scanners ask this all day.
    return (Respond(arrived.transaction, stateless_reply(request, 200, headers=CAPABILITIES), keep=False),)


def _is_for_us(core: Core, uri: Uri) -> bool:
    return uri.user is None and _is_ours(core, uri)


def _is_ours(core: Core, uri: Uri) -> bool:
    host = uri.host.lower()
    return core.directory.is_local(host) or (host.strip("[]"), uri.port or 5060) in core.own


def _callee(core: Core, arrived: RequestArrived, uri: Uri) -> tuple[Account, str] | None:
    """Find whom a request is for: an account of ours, or the one phone of it whose PURR it carries (RFC 8599 7)."""
    purr = purr_of(arrived.request, core.seal)
    if purr is not None:
        account = core.account(purr.aor)
        return None if account is None else (account, purr.binding)
    account = _account(core, arrived, uri) if _is_ours(core, uri) else None
    return None if account is None else (account, "")


def _account(core: Core, arrived: RequestArrived, uri: Uri) -> Account | None:
    """Find the account of a Request-URI; one at our own address is the first tenant's, or that of the PBX that asks.

    A PBX was let in without credentials, which holds for its own tenant only.
    """
    if core.directory.is_local(uri.host.lower()):
        return core.account(Aor(uri.aor))
    domain = core.trunks.tenant_of(arrived.flow) or core.gate.realm
    return core.account(Aor(f"{uri.aor.rpartition('@')[0]}@{domain}"))
