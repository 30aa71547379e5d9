"""What a REGISTER asks for, judged (RFC 3261 10.3, RFC 5626 section 6, RFC 8599 5.6.1), and its answer.

A REGISTER and the tenant's means go in; an operation for the store and the promises that we make come out. Whether the
operation fits the bindings is decided inside the store's atomic step (`registrar.merge`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate

from ringwake.model.account import Account
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.ports import Directory, Ids
from ringwake.model.push import PushTarget, Service
from ringwake.model.store_ops import ContactUpdate, PushTerms, Register, Registered
from ringwake.model.token_claims import TokenClaims
from ringwake.registrar.dialects import understand
from ringwake.registrar.dialects.told import Told
from ringwake.registrar.push_offer import OWN_REFRESH, PNSREG, Asked, Offer, Promise, Unserved, offer, one_line_each
from ringwake.secret import Token
from ringwake.sip.address import NameAddr
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import contact_expires, contacts, expires, option_tags
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.outbound import OUTBOUND, SUPPORTED, has_flow, instance_id, path_of, reg_id
from ringwake.sip.push_params import MPUSH, PushParams, feature_caps, indicated
from ringwake.sip.redaction import clean_field, clean_uri
from ringwake.sip.replies import reply

MAX_CONTACTS = 16
"""Contacts of one REGISTER (reliability S16)."""
_HOUR = 3600
"""Seconds: a wish for that much may not be called too brief (RFC 3261 section 10.3 step 7)."""
_GRUUS = ("pub-gruu", "temp-gruu")
SOME_PHONE = PushTarget(
    app=AppKey(Provider.FCM, ""), tokens=((Service.ONLY, Token(provider=Provider.FCM, app="", value="")),)
)
"""One that takes silent pushes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryPolicy:
    """How long bindings live, in seconds (docs/adr/0007-expiry.md)."""

    grant: int = 30 * 86400
    """What a phone with a push token gets: the hard limit after which it is no longer woken."""
    push_least: int = 300
    """A shorter wish of such a phone gets 423: a silent push could not come in time (RFC 8599 section 5.5)."""
    plain_most: int = 3600
    plain_least: int = 60
    needs_tls: bool = True
    """Take push parameters over TLS and WSS only (RFC 8599 section 13)."""
    raises: bool = True
    """Whether a phone with a push token gets `grant`, whatever it asks for. Not where a PBX grants."""
    own_refresh: bool = False
    """Let a phone that can refresh by itself do so, and push to it only when it did not (`+sip.pnsreg`)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The REGISTER is answered with this status and these fields."""

    status: int
    rule: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the store is asked, and what the 200 will promise."""

    op: Register
    contacts: tuple[NameAddr, ...]
    """Those of the request that stay bound, as the phone wrote them."""
    caps: tuple[Promise, ...]
    """What Feature-Caps will say."""
    is_outbound: bool = False
    """Whether a binding is one of RFC 5626, and the phone wants to know that."""

    def kept(self, registered: Registered) -> Plan:
        """Return the plan with those promises that are kept: of no push while a phone has to prove its token."""
        return replace(self, caps=()) if registered.challenged else self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asker:
    """What all Contacts of a REGISTER have in common."""

    op: Register
    tenant: str
    default: int | None
    """Seconds that those Contacts ask to stay that do not say so themselves."""
    header: str
    """See `Told`."""
    nearer: frozenset[str]
    """See `Asked`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """What all REGISTERs are judged by."""

    directory: Directory
    ids: Ids
    policy: ExpiryPolicy
    refresh_after: Callable[[PushTarget, float], float | None]
    """Seconds until the first silent push to this target under this grant, or None for never."""

    def passing(self) -> Registrar:
        """Return the judge of those REGISTERs whose expiry a PBX grants."""
        return replace(self, policy=replace(self.policy, raises=False))

    def plan(self, request: Request, account: Account, flow: Flow, wall: float) -> Plan | Refusal:
        """Judge an authenticated REGISTER for `account` that came down `flow` at the wall clock `wall`.

        Raises:
            ParseError: a field that we need is malformed.
        """
        bound, has_star = contacts(request.headers)
        op = Register(
            aor=account.aor,
            call_id=request.call_id,
            cseq=request.cseq.number,
            flow=flow,
            claims=self._claims(account),
            user_agent=(request.headers.get("user-agent") or "")[:120],
            path=path_of(request.headers),
            wall=wall,
        )
        if has_star:
            if request.headers.values("contact") != ["*"] or expires(request.headers) != 0:
                return Refusal(400, "Contact * stands alone and with Expires: 0")
            return Plan(replace(op, remove_all=True), (), ())
        if len(bound) > MAX_CONTACTS:
            return Refusal(400, "there are too many Contacts")
        wants_outbound = OUTBOUND in option_tags(request.headers, "supported")
        flows = [reg_id(contact) for contact in bound]
        if any(flows) and not has_flow(request.headers, op.path):
            if wants_outbound:
                return Refusal(439, "the first hop keeps no flows")
            flows = [0] * len(flows)
        asker = _Asker(
            op=op,
            tenant=account.tenant,
            default=expires(request.headers),
            header=request.headers.get(MPUSH) or "" if len(bound) == 1 else "",
            nearer=indicated(request.headers),
        )
        planned = self._judge(list(zip(bound, flows, strict=True)), asker)
        return replace(planned, is_outbound=any(flows) and wants_outbound) if isinstance(planned, Plan) else planned

    def _claims(self, account: Account) -> TokenClaims:
        tenant = self.directory.tenant(account.tenant)
        return tenant.token_claims if tenant else TokenClaims.ALLOW

    def _judge(self, bound: list[tuple[NameAddr, int]], asker: _Asker) -> Plan | Refusal:
        """Judge each Contact with its reg-id."""
        updates: list[ContactUpdate] = []
        promises: list[Promise] = []
        for contact, flow in bound:
            judged = self._contact(contact, asker)
            if isinstance(judged, Refusal):
                return judged
            updates.append(replace(judged[0], reg_id=flow))
            promises += judged[1]
        kept = tuple(contact for (contact, _), update in zip(bound, updates, strict=True) if update.expires > 0)
        if len(kept) > 1 and any(flow for _, flow in bound):
            return Refusal(400, "a Contact with a reg-id is bound alone")
        return Plan(replace(asker.op, contacts=tuple(updates)), kept, one_line_each(promises))

    def _contact(self, contact: NameAddr, asker: _Asker) -> tuple[ContactUpdate, tuple[Promise, ...]] | Refusal:
        try:
            uri = contact.sip_uri
        except ParseError:
            return Refusal(400, "a Contact is no SIP URI")
        asked = contact_expires(contact)
        asked = asker.default if asked is None else asked
        apps = self.directory.apps(asker.tenant)
        wants = understand(Told(contact=contact, uri=uri, header=asker.header, apps=apps))
        offered = Offer() if wants is None else self._offer(wants, asker)
        if isinstance(offered, Unserved):
            if asked != 0:  # a phone may always take its binding away
                return Refusal(555, offered.rule)
            offered = Offer()
        granted = self._expiry(asked, offered)
        if isinstance(granted, Refusal):
            return granted
        if offered.target and not granted:
            offered = Offer()  # a binding that goes is promised nothing
        refresh_after = self.refresh_after(offered.target, granted) if offered.target else None
        if self.policy.own_refresh and "+sip.pnsreg" in contact.params and offered.target and granted > PNSREG:
            offered = offered.with_own_refresh()
            refresh_after = None if refresh_after is None else float(granted - OWN_REFRESH)
        update = ContactUpdate(
            new_id=self.ids.hex(16),
            uri=clean_uri(str(uri)),
            params=clean_field(str(contact.params.without("expires", *_GRUUS))),
            instance=instance_id(contact),
            expires=granted,
            push=offered.target,
            is_query=wants is not None and wants.prid is None,
            refresh_at=None if refresh_after is None else asker.op.wall + refresh_after,
            uploaded=self._terms(asker.op.wall) if wants is None and granted else None,
        )
        return update, offered.promises

    def _terms(self, wall: float) -> PushTerms:
        """Say how a phone that says nothing of push is bound if its target was uploaded."""
        refresh_after = self.refresh_after(SOME_PHONE, self.policy.grant)
        return PushTerms(float(self.policy.grant), None if refresh_after is None else wall + refresh_after)

    def _offer(self, wants: PushParams, asker: _Asker) -> Offer | Unserved:
        asked = Asked(
            wants=wants,
            tenant=asker.tenant,
            is_protected=asker.op.flow.transport.is_secure or not self.policy.needs_tls,
            nearer=asker.nearer,
        )
        return offer(asked, self.directory)

    def _expiry(self, asked: int | None, offered: Offer) -> int | Refusal:
        if asked == 0:
            return 0
        policy = self.policy
        if not policy.raises and offered.target is None:
            return policy.plain_most if asked is None else asked
        if offered.target is None:
            # A proxy that pushes wakes the phone in time for what it has asked for.
            most = policy.grant if offered.is_elsewhere else policy.plain_most
            least, granted = policy.plain_least, min(asked or policy.plain_most, most)
        else:
            least, granted = policy.push_least, policy.grant if policy.raises else asked or policy.grant
        if asked is not None and asked < min(least, _HOUR):
            return Refusal(423, "the expiry is too short", (("min-expires", str(least)),))
        return granted


def answer(
    request: Request, plan: Plan, registered: Registered, *, to_tag: str, purr: Callable[[Binding], str]
) -> Response:
    """Build the 200: all current bindings, the phone's own as it wrote them, others without their tokens.

    A phone that we can wake gets a fresh PURR each time, by which its dialogs may wake it (RFC 8599 section 6.2.1).

    It has no Flow-Timer and no Service-Route: a phone that can be pushed to is to stay silent, and has one way to us.
    """
    wall = plan.op.wall
    kept = (update for update in plan.op.contacts if update.expires > 0)
    written = {
        (update.uri, update.instance): _written(contact) for update, contact in zip(kept, plan.contacts, strict=True)
    }
    own = {binding.id: written[binding.uri, binding.instance] for binding in registered.touched}
    others = (binding for binding in registered.bindings if binding.id not in own)
    fields = [
        ("contact", f"{own.get(binding.id) or f'<{binding.uri}>{binding.params}'};expires={_left(binding, wall)}")
        for binding in (*registered.touched, *others)
    ]
    fields += [("path", value) for value in plan.op.path]
    if plan.is_outbound:
        fields.append(("require", OUTBOUND))
    fields.append(("supported", SUPPORTED))
    fields += [("feature-caps", capability(promise, registered.touched, purr)) for promise in plan.caps]
    fields.append(("date", formatdate(wall, usegmt=True)))
    response = reply(request, 200, to_tag=to_tag, headers=fields)
    _answer_keep(request, plan, registered, response)
    return response


def _written(contact: NameAddr) -> str:
    return f"<{contact.uri}>{contact.params.without('expires', *_GRUUS)}"


def capability(promise: Promise, touched: tuple[Binding, ...], purr: Callable[[Binding], str]) -> str:
    """Write one Feature-Caps of a 2xx (RFC 8599 section 5.4), with a fresh PURR if the phone can be woken."""
    service = promise.provider.partition(".")[0]
    woken = [binding for binding in touched if binding.push and binding.push.app.provider == service]
    indicators = [*promise.indicators, *(("sip.pnspurr", purr(binding)) for binding in woken[:1])]
    return feature_caps(promise.provider, indicators)


def _left(binding: Binding, wall: float) -> int:
    return max(1, round(binding.expires_at - wall))


def _answer_keep(request: Request, plan: Plan, registered: Registered, response: Response) -> None:
    """Let a phone ping that offers to (RFC 6223), at its own pace, but none that we can wake."""
    via = request.via
    is_offered = "keep" in via.params and via.params.get("keep") is None
    if is_offered and plan.contacts and not any(binding.push for binding in registered.touched):
        response.headers.replace_first("via", str(replace(via, params=via.params.put("keep", "0"))))
