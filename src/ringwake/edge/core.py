"""What every recipe of the edge works with. It holds, and does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ringwake.edge.calls import Calls
from ringwake.edge.gate import Gate
from ringwake.edge.presence import Presence
from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.ports import Directory, Ids, Seal, Trunks
from ringwake.model.tenant import Upstream
from ringwake.proxy.flow_token import FlowToken
from ringwake.registrar.rules import Registrar
from ringwake.registrar.ticket import Tickets
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE, NOTIFY, REFER, SUBSCRIBE
from ringwake.wake.actions import ActionLinks
from ringwake.wake.announcement import Announcement, announcement, identity
from ringwake.wake.callers import Callers
from ringwake.wake.ledger import Ledger
from ringwake.wake.means import Means
from ringwake.wake.token_challenge import Challenges

TURNED_AWAY = 20
"""Calls to one account in a minute that are listed although they were not let through."""


@dataclass(slots=True, kw_only=True)
class Core:
    """The parts of one server."""

    directory: Directory
    seal: Seal
    ids: Ids
    gate: Gate
    registrar: Registrar
    presence: Presence
    trunks: Trunks
    means: Means
    own: frozenset[tuple[str, int]]
    """Host and port of each listener, as our Route and Request-URI may name them."""
    max_message: int = 16_384
    """Octets of a MESSAGE body that is kept for a sleeping phone; a longer one gets 413."""
    message_seconds: float = 7 * 86400.0
    """How long a message is kept, unless its Expires says less."""
    messages_per_account: int = 1000
    """Messages that may wait for one account; a further one gets 480."""
    wakes_for: frozenset[str] = frozenset({SUBSCRIBE, NOTIFY, REFER})
    """Methods outside a dialog that wake phones, besides INVITE and MESSAGE."""
    tickets: Tickets | None = None
    """Issues one-time tickets with pushes and takes them for credentials; None: nobody does."""
    links: ActionLinks | None = None
    """Writes the URLs of what may be done from a notification; None: there are none."""
    calls: Calls = field(default_factory=Calls)
    turned_away: Callers = field(default_factory=lambda: Callers(together=TURNED_AWAY))
    """Counts calls that were not let through: those above its limits are not listed."""
    ledger: Ledger = field(default_factory=Ledger)
    """Pushes whose phones have not come yet."""
    challenges: Challenges = field(init=False)

    def __post_init__(self) -> None:
        self.challenges = Challenges(self.seal)

    def wall(self, now: float) -> float:
        """Return epoch seconds."""
        return self.means.wall(now)

    def time_of_day(self, now: float) -> str:
        """Write monotonic seconds as people read the time."""
        return datetime.fromtimestamp(self.wall(now), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    def tag(self) -> str:
        """Return a fresh To-tag."""
        return self.ids.hex(12)

    def account(self, aor: Aor) -> Account | None:
        """Return an account; where a PBX says who exists, also one that is known to it alone."""
        known = self.directory.account(aor)
        if known is not None:
            return known
        tenant = self.directory.tenant(aor.rpartition("@")[2])
        is_elsewhere = tenant is not None and tenant.upstream in (Upstream.PATH, Upstream.CONTACT)
        if tenant is None or not is_elsewhere:
            return None
        return replace(Account.guest(aor, tenant.domain), settings=self.directory.settings(aor))

    def trace(self, request: Request) -> str:
        """Return the short id of a call: the same for all that belongs to it (reliability 3.3)."""
        tag = request.headers.get("from") or ""
        return self.seal.digest("trace", f"{request.call_id}\0{tag}".encode("utf-8", "surrogateescape"))[:12]

    def key(self, purpose: str, request: Request, aor: str) -> str:
        """Return the id under which a request to an AOR is kept: the same when it comes again after a crash."""
        more = f"\0{request.via.branch}\0{aor}".encode("utf-8", "surrogateescape")
        return self.seal.digest(purpose, identity(request) + more)

    def sender(self, request: Request, flow: Flow) -> FlowToken:
        """Name the side that a request came from, so that it is found again after a reconnect."""
        if pbx := self.trunks.tenant_of(flow):
            return FlowToken(flow, "", pbx)
        try:
            aor = address(request.headers, "from").sip_uri.aor
        except ParseError:
            aor = ""  # a peer may send From with a telephone number
        binding = self.presence.binding_of(flow, aor)
        return FlowToken(flow, binding, aor if binding else "")

    def announce(self, request: Request, account: Account, flow: Flow | None = None) -> Announcement:
        """Prepare the pushes for a request to an account; `flow` is the one that a call came down."""
        source = flow.remote.host if flow is not None and self.gate.is_peer(flow) else ""
        made = announcement(request, account, seal=self.seal, find_app=self.directory.app, source=source)
        return replace(made, tickets=self.tickets, links=self.links)

    def may_reach(self, request: Request, binding: Binding) -> bool:
        """Tell whether a request may go to a phone.

        One for a `sips:` URI goes over TLS only (section 26.2.2), and a call not to a phone that is to have none.
        """
        if request.uri.lower().startswith("sips:") and not binding.flow.transport.is_secure:
            return False
        if request.method != INVITE or address(request.headers, "to").tag:
            return True
        account = self.account(binding.aor)
        return account is None or account.settings.device(binding.handset).accepts_calls
