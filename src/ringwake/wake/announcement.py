"""What the pushes of one call or message say, from the request and the callee's settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha1, sha256

from ringwake.model.account import Account
from ringwake.model.app import App, AppKey
from ringwake.model.binding import Binding
from ringwake.model.ports import Seal
from ringwake.model.push import Kind, Notice, Push
from ringwake.model.wakes import WAKING
from ringwake.registrar.ticket import Tickets
from ringwake.sip.address import NameAddr
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.grammar import unescape
from ringwake.sip.message import Request
from ringwake.wake.actions import ActionLinks, Subject
from ringwake.wake.wording import NOBODY, Caller, Receiver, alert, is_wanted, members

ATTEMPT_SECONDS = 5.0
"""How long one attempt may take, unless the wake says otherwise (`delivery.PATIENCE`)."""
_URL_NAMESPACE = bytes.fromhex("6ba7b8119dad11d180b400c04fd430c8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Builds the pushes of one request to one account."""

    account: Account
    call_id: str
    caller: Caller
    identity: bytes
    """Call-ID, From-tag and CSeq: what a repeat of the same request has in common."""
    seal: Seal
    find_app: Callable[[AppKey], App | None]
    unread: int = 0
    """Missed calls and unread messages of the account when this is told."""
    tickets: Tickets | None = None
    """Issues the tickets of pushes that wake; None when there are to be none."""
    links: ActionLinks | None = None
    """Writes the URLs of what may be done from a notification; None when there are to be none."""
    subject: str = ""
    """Id of the call or message, for those URLs; empty: it has none."""

    def push(self, kind: Kind, binding: Binding, *, seq: int, wall: float, until: float) -> Push | None:
        """Build a push, or None when this phone must not get one of this kind.

        Args:
            kind: why.
            binding: whom.
            seq: rises with each push of one call.
            wall: epoch seconds now.
            until: epoch seconds after which it is of no use.
        """
        target = binding.push
        wanted = self.account.settings.notifications_of(binding.handset)
        vehicle = target.vehicle(kind) if target else None
        if target is None or vehicle is None or not is_wanted(kind, target.app.provider, wanted):
            return None
        service, token = vehicle
        app = self.find_app(target.app)
        caller = self.caller if app is not None and app.show_caller and wanted.preview else NOBODY
        push_id = self.seal.digest("push", self.identity + f"\0{kind}\0{token.digest}".encode())
        ticket = ""
        if self.tickets is not None and kind in (*WAKING, Kind.VOICEMAIL):
            ticket = self.tickets.issue(push_id, token, binding, wall=wall, until=until)
        receiver = Receiver(
            aor=self.account.aor,
            notifications=wanted,
            unread=self.unread,
            is_called_by_alert=target.is_called_by_alert,
        )
        notice = Notice(
            kind=kind,
            id=push_id,
            account=account_hash(self.account.aor),
            call_id=self.call_id,
            from_uri=caller.uri,
            from_name=caller.name,
            seq=seq,
            uuid=call_uuid(self.call_id) if self.call_id else "",
            deadline_ms=max(0, int((until - wall) * 1000)),
            alert=alert(kind, receiver, app=app, caller=caller),
            actions=self._actions(kind, binding, app, until=until),
            ticket=ticket,
        )
        notice = self._with_members(notice, app, caller)
        return Push(
            notice=notice, target=target, service=service, token=token, expires_at=until, timeout=ATTEMPT_SECONDS
        )

    def _actions(self, kind: Kind, binding: Binding, app: App | None, *, until: float) -> tuple[tuple[str, str], ...]:
        if self.links is None or app is None or not app.offers_actions:
            return ()
        return self.links.of(kind, Subject(self.subject, self.caller.uri), binding, until=until)

    def _with_members(self, notice: Notice, app: App | None, caller: Caller) -> Notice:
        if app is None or not app.extra:
            return notice
        loc = notice.alert.loc if notice.alert else None
        values = {
            "kind": notice.kind.value,
            "id": notice.id,
            "call_id": notice.call_id,
            "uuid": notice.uuid,
            "account": self.account.aor,
            "loc_key": loc.key if loc else "",
        }
        return replace(notice, extra=members(app.extra, values, caller=caller))


def announcement(
    request: Request, account: Account, *, seal: Seal, find_app: Callable[[AppKey], App | None], source: str = ""
) -> Announcement:
    """Prepare the pushes for an INVITE or MESSAGE.

    Args:
        request: to be announced.
        account: whom it is for.
        seal: makes their ids.
        find_app: says which applications show who calls.
        source: host of the peer that says who is calling; empty when the caller has proved it.

    Raises:
        ParseError: From or CSeq is malformed.
    """
    sender = address(request.headers, "from")
    return Announcement(
        account=account,
        call_id=request.call_id,
        caller=_caller(sender, source),
        identity=identity(request),
        seal=seal,
        find_app=find_app,
    )


def identity(request: Request) -> bytes:
    """Return what all copies of one request have in common: Call-ID, From-tag, CSeq (RFC 3261 section 8.2.2.2).

    Raises:
        ParseError: From or CSeq is malformed.
    """
    tag = address(request.headers, "from").tag
    return f"{request.call_id}\0{tag}\0{request.cseq}".encode("utf-8", "surrogateescape")


def account_hash(aor: str) -> str:
    """Return the name of an account in a payload that the provider can read."""
    return sha256(aor.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def call_uuid(call_id: str) -> str:
    """Return the UUID of a call for CallKit: version 5 of its Call-ID in the URL namespace (RFC 9562 section 5.5)."""
    # SHA-1 is what version 5 is made of; nothing here rests on its strength.
    digest = sha1(_URL_NAMESPACE + call_id.encode("utf-8", "surrogateescape"), usedforsecurity=False).digest()
    octets = bytearray(digest[:16])
    octets[6] = octets[6] & 0x0F | 0x50
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _caller(sender: NameAddr, source: str) -> Caller:
    """Name a caller: no password, parameters or header fields of its URI, and nothing that cannot be shown."""
    scheme, _, rest = sender.uri.partition(":")
    userinfo, at, hostport = rest.rpartition("@")
    user, host = userinfo.partition(":")[0], hostport.partition(";")[0].partition("?")[0]
    names = (sender.display, unescape(user.partition(";")[0]), host)
    shown = ["".join(c for c in name if c.isprintable())[:80] for name in names]
    try:
        aor = sender.sip_uri.aor
    except ParseError:
        aor = sender.uri  # a telephone number, of a peer
    return Caller(f"{scheme}:{user}{at}{host}", next(filter(None, shown), ""), f"{source} {aor}", shown[0])
