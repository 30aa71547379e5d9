"""Who is asking: a trusted peer, or an account by digest (RFC 3261 section 22). Everybody else is turned away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from math import ceil
from typing import TypeAlias

from ringwake.edge.limits import FailureLimit
from ringwake.model.account import Account, Aor
from ringwake.model.ports import Directory, Trunks
from ringwake.registrar.credentials import Authenticator, Verdict
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.fields import address
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.uri import parse_uri

Network: TypeAlias = IPv4Network | IPv6Network
CLAIMS = ("p-asserted-identity", "p-preferred-identity")
"""Fields besides From by which a sender says who it is (RFC 3325)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides by address and by digest."""

    authenticator: Authenticator
    directory: Directory
    limit: FailureLimit
    peers: tuple[Network, ...]
    """Addresses that may call without digest: a PBX, a trunk."""
    trunks: Trunks
    """The PBXs that we stand in front of may, too, each to its own tenant."""
    wall: Callable[[float], float]
    """From monotonic to epoch seconds."""
    realm: str
    """Realm for callers whose From names no domain of ours."""

    def registrant(self, request: Request, flow: Flow, now: float) -> Account:
        """Return the account that registers itself: To, From and credentials all name it.

        Raises:
            SipError: 400, 401, 403, 404 or 503.
        """
        try:
            aor = parse_uri(address(request.headers, "to").uri)
        except ParseError:
            raise ParseError("To is no SIP URI") from None
        domain = aor.host.lower()
        if not self.directory.is_local(domain):
            raise SipError(404, "this domain is not served here")
        account = self._authenticated(request, flow, now, key="authorization", realm=domain)
        if account.aor != aor.aor or not self._is_from(request, account, "from", *CLAIMS):
            raise SipError(403, "the credentials are those of another address of record")
        return account

    def caller(self, request: Request, flow: Flow, now: float) -> Account | None:
        """Return the account that sends a request, or None for a trusted peer, or for the PBX of whom it is for.

        Raises:
            SipError: 400, 403, 407 or 503.
        """
        if self.is_listed(flow) or self._is_own_pbx(request, flow):
            return None
        sender = address(request.headers, "from").uri
        try:
            host = parse_uri(sender).host.lower()
        except ParseError:
            host = ""
        realm = host if self.directory.is_local(host) else self.realm
        account = self._authenticated(request, flow, now, key="proxy-authorization", realm=realm)
        if not self._is_from(request, account, "from"):
            raise SipError(403, "From is not the address of record of the credentials")
        return account

    def challenge(self, account: Account, now: float) -> SipError:
        """Return the challenge for a REGISTER of this account."""
        return self._challenge("authorization", account.tenant, self.wall(now), Verdict.NONE)

    def is_all_of(self, request: Request, account: Account) -> bool:
        """Tell whether To, From and whatever else says who is asking name this account."""
        return self._is_from(request, account, "to", "from", *CLAIMS)

    def is_peer(self, flow: Flow) -> bool:
        """Tell whether a flow comes from a trusted address, or from a PBX."""
        return bool(self.trunks.tenant_of(flow)) or self.is_listed(flow)

    def is_listed(self, flow: Flow) -> bool:
        """Tell whether a flow comes from an address that the operator trusts, whatever tenant it is about."""
        if flow.is_private:
            return False
        source = ip_address(flow.remote.host.partition("%")[0])
        return any(source in network for network in self.peers)

    def _is_own_pbx(self, request: Request, flow: Flow) -> bool:
        """Tell whether a PBX sends to its own tenant: to another it is a stranger, who may say to be anybody."""
        host = parse_uri(request.uri).host.lower()
        is_foreign = self.directory.is_local(host) and not self.trunks.is_near(flow, host)
        return bool(self.trunks.tenant_of(flow)) and not is_foreign

    def _authenticated(self, request: Request, flow: Flow, now: float, *, key: str, realm: str) -> Account:
        blocked = self.limit.blocked_for(flow.remote.host, now)
        if blocked:
            raise SipError(503, "too many failed attempts from this address", (("retry-after", str(ceil(blocked))),))
        wall = self.wall(now)
        found = self.authenticator.check(request, key, realm, find=lambda name: self._find(name, realm), wall=wall)
        if found.verdict is Verdict.RIGHT and found.account is not None:
            return found.account
        if found.verdict is Verdict.WRONG:
            self.limit.failed(flow.remote.host, now)
        raise self._challenge(key, realm, wall, found.verdict)

    def _challenge(self, key: str, realm: str, wall: float, verdict: Verdict) -> SipError:
        challenges = self.authenticator.challenges(realm, wall, is_stale=verdict is Verdict.STALE)
        if key == "authorization":
            return SipError(401, _rule(verdict), tuple(("www-authenticate", text) for text in challenges))
        return SipError(407, _rule(verdict), tuple(("proxy-authenticate", text) for text in challenges))

    def _find(self, username: str, realm: str) -> Account | None:
        user, at, domain = username.rpartition("@")
        name = f"{username}@{realm}" if not at else f"{user}@{domain.lower()}"
        account = self.directory.account(Aor(name))
        return account if account is not None and account.tenant == realm else None

    def _is_from(self, request: Request, account: Account, *keys: str) -> bool:
        try:
            values = [value for key in keys for value in request.headers.values(key)]
            return all(parse_address(value).sip_uri.aor == account.aor for value in values)
        except ParseError:
            return False


def _rule(verdict: Verdict) -> str:
    return "the password is wrong" if verdict is Verdict.WRONG else "credentials are wanted"
