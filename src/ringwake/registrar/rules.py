"""What a REGISTER asks for, judged (RFC 3261 10.3, RFC 5626 section 6, RFC 8599 5.6.1), and its answer.

A REGISTER and the tenant's means go in; an operation for the store and the promises that we make come out. Whether the
operation fits the bindings is decided inside the store's atomic step (`registrar.merge`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate

from ringwake.model.account import Account
from ringwake.model.app import Provider
from ringwake.model.binding import Binding
from ringwake.model.ports import Directory, Ids
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ContactUpdate, Register, Registered
from ringwake.registrar.push_target import push_target
from ringwake.sip.address import NameAddr
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import contact_expires, contacts, expires, option_tags
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.outbound import OUTBOUND, SUPPORTED, has_flow, instance_id, path_of, reg_id
from ringwake.sip.push_params import SECRET_PARAMS, PushParams, feature_caps, push_params, without_secrets
from ringwake.sip.replies import reply

MAX_CONTACTS = 16
"""Contacts of one REGISTER (reliability S16)."""
_HOUR = 3600
"""Seconds: a wish for that much may not be called too brief (RFC 3261 section 10.3 step 7)."""
_GRUUS = ("pub-gruu", "temp-gruu")


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
    caps: tuple[str, ...]
    """Feature-Caps values."""
    is_outbound: bool = False
    """Whether a binding is one of RFC 5626, and the phone wants to know that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """What all REGISTERs are judged by."""

    directory: Directory
    ids: Ids
    policy: ExpiryPolicy
    refresh_after: Callable[[PushTarget, float], float | None]
    """Seconds until the first silent push to this target under this grant, or None for never."""

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
        planned = self._judge(list(zip(bound, flows, strict=True)), account, op, expires(request.headers))
        return replace(planned, is_outbound=any(flows) and wants_outbound) if isinstance(planned, Plan) else planned

    def _judge(
        self, bound: list[tuple[NameAddr, int]], account: Account, op: Register, default: int | None
    ) -> Plan | Refusal:
        """Judge each Contact with its reg-id; `default` is how long they ask to stay that do not say so themselves."""
        updates: list[ContactUpdate] = []
        caps: list[str] = []
        for contact, flow in bound:
            asked = contact_expires(contact)
            judged = self._contact(contact, account, op, default if asked is None else asked)
            if isinstance(judged, Refusal):
                return judged
            update, promises = judged
            updates.append(replace(update, reg_id=flow))
            caps += [promise for promise in promises if promise not in caps]
        kept = tuple(contact for (contact, _), update in zip(bound, updates, strict=True) if update.expires > 0)
        if len(kept) > 1 and any(flow for _, flow in bound):
            return Refusal(400, "a Contact with a reg-id is bound alone")
        return Plan(replace(op, contacts=tuple(updates)), kept, tuple(caps))

    def _contact(
        self, contact: NameAddr, account: Account, op: Register, asked: int | None
    ) -> tuple[ContactUpdate, list[str]] | Refusal:
        try:
            uri = contact.sip_uri
        except ParseError:
            return Refusal(400, "a Contact is no SIP URI")
        wants = push_params(uri)
        target: PushTarget | None = None
        caps: list[str] = []
        if wants is not None:
            judged = self._push(wants, account.tenant, op.flow)
            if not isinstance(judged, Refusal):
                target, caps = judged
            elif asked != 0:  # a phone may always take its binding away
                return judged
        granted = self._expiry(asked, target)
        if isinstance(granted, Refusal):
            return granted
        if target and not granted:
            target, caps = None, []  # a binding that goes is promised nothing
        refresh_after = self.refresh_after(target, granted) if target else None
        update = ContactUpdate(
            new_id=self.ids.hex(16),
            uri=str(without_secrets(uri)),
            # Outside the brackets they mean nothing, but a token is a token.
            params=str(contact.params.without("expires", *_GRUUS, *SECRET_PARAMS)),
            instance=instance_id(contact),
            expires=granted,
            push=target,
            is_query=wants is not None and wants.prid is None,
            refresh_at=None if refresh_after is None else op.wall + refresh_after,
        )
        return update, caps

    def _push(self, wants: PushParams, tenant: str, flow: Flow) -> tuple[PushTarget | None, list[str]] | Refusal:
        """Judge the push parameters of one Contact: the target to keep, and the Feature-Caps to promise."""
        offered = self.directory.providers(tenant)
        if wants.prid is None:
            asked = offered if not wants.provider else tuple(p for p in offered if p == wants.provider)
            if not asked:
                return Refusal(555, "no such push service here")
            return None, [self._caps(provider, tenant) for provider in asked]
        if self.policy.needs_tls and not flow.transport.is_secure:
            # The token was on the wire in the clear already; promising pushes would only teach others to send theirs.
            return None, []
        target = push_target(wants, tenant, self.directory)
        if target is None:
            return Refusal(555, "this push service, application or token is not served here")
        return target, [self._caps(wants.provider, tenant)]

    def _caps(self, provider: str, tenant: str) -> str:
        app = self.directory.webpush(tenant) if provider == Provider.WEBPUSH else None
        return feature_caps(provider, [("sip.vapid", app.vapid_key)] if app and app.vapid_key else [])

    def _expiry(self, asked: int | None, target: PushTarget | None) -> int | Refusal:
        if asked == 0:
            return 0
        policy = self.policy
        if target is None:
            least, granted = policy.plain_least, min(asked or policy.plain_most, policy.plain_most)
        else:
            least, granted = policy.push_least, policy.grant
        if asked is not None and asked < min(least, _HOUR):
            return Refusal(423, "the expiry is too short", (("min-expires", str(least)),))
        return granted


def answer(request: Request, plan: Plan, registered: Registered, *, to_tag: str) -> Response:
    """Build the 200: all current bindings, the phone's own as it wrote them, others without their tokens.

    It has no Flow-Timer and no Service-Route: a phone that can be pushed to is to stay silent, and has one way to us.
    """
    wall = plan.op.wall
    kept = (update for update in plan.op.contacts if update.expires > 0)
    written = {(update.uri, update.instance): contact.uri for update, contact in zip(kept, plan.contacts, strict=True)}
    own = {binding.id: written[binding.uri, binding.instance] for binding in registered.touched}
    others = (binding for binding in registered.bindings if binding.id not in own)
    fields = [
        ("contact", f"<{own.get(binding.id, binding.uri)}>{binding.params};expires={_left(binding, wall)}")
        for binding in (*registered.touched, *others)
    ]
    fields += [("path", value) for value in plan.op.path]
    if plan.is_outbound:
        fields.append(("require", OUTBOUND))
    fields.append(("supported", SUPPORTED))
    fields += [("feature-caps", caps) for caps in plan.caps]
    fields.append(("date", formatdate(wall, usegmt=True)))
    response = reply(request, 200, to_tag=to_tag, headers=fields)
    _answer_keep(request, plan, response)
    return response


def _left(binding: Binding, wall: float) -> int:
    return max(1, round(binding.expires_at - wall))


def _answer_keep(request: Request, plan: Plan, response: Response) -> None:
    """Let a phone ping that offers to (RFC 6223), at its own pace, but none that we can wake."""
    via = request.via
    is_offered = "keep" in via.params and via.params.get("keep") is None
    if is_offered and plan.contacts and not any(update.push for update in plan.op.contacts):
        response.headers.replace_first("via", str(replace(via, params=via.params.put("keep", "0"))))
