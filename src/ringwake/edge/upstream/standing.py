"""Our registrations at one PBX, a Contact for each account: kept while its phones sleep (`contact`, `vault`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.edge.upstream.pbx_account import pbx_account
from ringwake.edge.upstream.recent import Recent
from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Forward, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.store_ops import ListBindings
from ringwake.model.tenant import Tenant, Upstream
from ringwake.sip.fields import retry_after
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.ua.pacing import Pacing
from ringwake.ua.upstream import UpstreamRegistration
from ringwake.ua.upstream_table import State
from ringwake.wake.owner import Owner

Answered: TypeAlias = Callable[[Response | None, float], Effects]
"""Takes the PBX's final answer to a REGISTER, or None when there was none."""
MOST_NONCES, MOST_UNPROVEN = 20_000, 5_000
"""Challenges of a PBX that are remembered, and accounts that have not answered one: whose was forgotten is challenged
once more. Anybody can cause them."""
LONGEST_BUSY = 3600
"""Seconds for which a PBX that wants nothing of anybody is believed."""
_HAVE_CONTACTS = (Upstream.CONTACT, Upstream.VAULT)


class Standing(Owner):
    """The accounts of one tenant at its PBX."""

    def __init__(self, core: Core, tenant: Tenant) -> None:
        self._core, self.tenant = core, tenant
        self.pacing = Pacing(core.ids)
        self._accounts: dict[Aor, UpstreamRegistration] = {}
        self._sent: dict[str, Aor] = {}
        self._waiting: dict[str, Answered] = {}
        self._told: dict[Aor, str] = {}
        self.realm = ""
        """Realm for which the PBX has last let one of them register; empty while it has not asked."""
        self._unproven: Recent[Aor] = Recent(MOST_UNPROVEN)
        self.nonces: Recent[tuple[Aor, str]] = Recent(MOST_NONCES)
        """By which the PBX has asked who an account's phone is: what answers them is for it, and its 200 is a proof."""

    # ---- what is asked of it

    def want(self, aor: Aor, now: float) -> None:
        """Keep an account registered from now on. Where the PBX answers, its REGISTER does not wait for others."""
        known, flow = self._accounts.get(aor), self._core.trunks.flow(self.tenant.domain)
        is_same = known is not None and (
            flow is None or known.account == pbx_account(self._core, self.tenant, aor, flow)
        )
        if known is not None and is_same and known.state not in (State.NONE, State.LEAVING):
            return
        if self.pacing.is_up:
            self.pacing.plan(aor, now)
        else:
            self.pacing.add(aor)

    def ask(self, aor: Aor, authorization: str, then: Answered, now: float, *, leaves: bool = False) -> Effects:
        """Register, or leave, with what a phone says of itself; nothing when the PBX cannot be reached."""
        flow = self._core.trunks.flow(self.tenant.domain)
        if flow is None:
            return NOTHING
        machine = self._machine(aor, flow)
        request = machine.leave(flow, authorization=authorization) if leaves else None
        request = request or machine.ask(flow, authorization=authorization)
        self.pacing.sent(aor, now)
        self._waiting[request.via.branch] = then
        return self._send(aor, request, flow)

    def leave(self, aor: Aor, now: float) -> Effects:
        """Keep an account registered no longer."""
        machine, flow = self._accounts.get(aor), self._core.trunks.flow(self.tenant.domain)
        self.pacing.drop(aor)
        request = machine.leave(flow) if machine is not None and flow is not None else None
        if request is None or flow is None:
            self._forget(aor)
            return NOTHING
        self.pacing.sent(aor, now)
        return self._send(aor, request, flow)

    def __contains__(self, aor: object) -> bool:
        """Tell whether anything is known of how an account stands."""
        return aor in self._accounts

    # ---- what comes back

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """Take the PBX's answer."""
        aor = self._sent.get(branch_id)
        if aor is None or response.status < 200:
            return NOTHING
        del self._sent[branch_id]
        then = self._waiting.pop(branch_id, None)
        machine = self._accounts.get(aor)
        told: Effects = NOTHING
        if machine is not None and machine.awaits(branch_id):
            again, flow = machine.answered(response, now), self._core.trunks.flow(self.tenant.domain)
            if again is not None and flow is not None:
                if then is not None:
                    self._waiting[again.via.branch] = then
                return self._send(aor, again, flow)
            if response.status == 503:
                self.pacing.busy(aor, now, min(retry_after(response.headers), LONGEST_BUSY))
            else:
                self.pacing.answered(aor, now)
            if response.status < 300 and machine.realm:
                self.realm = machine.realm
            told = self._settled(aor, response.status, now)
        if then is None:
            return told
        # A phone that is asked who it is has no trouble: it answers in a moment.
        if response.status in (401, 407):
            self._told.pop(aor, None)
            told = NOTHING
        return (*told, *then(response, now))

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """Take note that the PBX has not answered."""
        del failure
        aor = self._sent.pop(branch_id, None)
        if aor is None:
            return NOTHING
        then = self._waiting.pop(branch_id, None)
        machine = self._accounts.get(aor)
        told: Effects = NOTHING
        if machine is not None and machine.awaits(branch_id):
            machine.failed(branch_id, now)
            self.pacing.failed(aor, now)
            told = self._settled(aor, 0, now)
        return (*told, *(then(None, now) if then else NOTHING))

    def handle_timer(self, now: float) -> Effects:
        """Register whom it is time for, if a phone of it is still bound."""
        effects: list[Effects] = []
        for account in self.pacing.take(now):
            aor = Aor(account)
            op = ListBindings(aor=aor, wall=self._core.wall(now))
            effects.append((Persist(op, applied=partial(self._due, aor)),))
        return tuple(effect for several in effects for effect in several)

    def get_timer(self) -> float | None:
        """Return when somebody may be registered. Without a way to the PBX nobody is: `reached` says when there is."""
        return None if self._core.trunks.flow(self.tenant.domain) is None else self.pacing.get_timer()

    @property
    def is_settled(self) -> bool:
        """Never: phones come and go, and the PBX stays."""
        return False

    @property
    def is_standing(self) -> bool:
        """It is."""
        return True

    # ---- inside

    def _due(self, aor: Aor, bindings: tuple[Binding, ...], now: float) -> Effects:
        return asked(self._core, self.tenant, self._register(aor, bindings, now), now)

    def _register(self, aor: Aor, bindings: tuple[Binding, ...], now: float) -> Effects:
        if not bindings:
            return self.leave(aor, now)
        flow = self._core.trunks.flow(self.tenant.domain)
        if flow is None:
            self.pacing.failed(aor, now)
            return NOTHING
        machine = self._machine(aor, flow)
        if machine.state is not State.CHALLENGED:
            return self._send(aor, machine.ask(flow), flow)
        machine.handle_timer(flow, now)  # only its phone can go on; what is left to say is that the binding is gone
        return self._settled(aor, 401, now)

    def _machine(self, aor: Aor, flow: Flow) -> UpstreamRegistration:
        """Return an account's registration; a new one when its login has changed, or where the PBX is to find us."""
        made, machine = pbx_account(self._core, self.tenant, aor, flow), self._accounts.get(aor)
        if machine is None or machine.account != made:
            machine = UpstreamRegistration(made, self._core.ids, expires=self.tenant.pbx_expires)
            self._accounts[aor] = machine
        return machine

    def _send(self, aor: Aor, request: Request, flow: Flow) -> Effects:
        self._unproven.discard(aor)
        self._sent[request.via.branch] = aor
        return (Forward(request, flow),)

    def _settled(self, aor: Aor, status: int, now: float) -> Effects:
        """Plan an account's next REGISTER, and tell what has changed in how it stands."""
        machine = self._accounts.get(aor)
        if machine is None:
            return NOTHING
        if machine.state is State.NONE:
            self._forget(aor)
            left: dict[str, Field] = {"tenant": self.tenant.domain, "aor": str(aor)}
            return (Note(Event(Happened.PBX_LEFT, now, "", left)),)
        self.pacing.plan(aor, machine.get_timer(), is_renewable=machine.is_renewable)
        is_unproven = machine.state is State.CHALLENGED and not machine.is_bound(now)
        if is_unproven and (oldest := self._unproven.add(aor)) is not None:
            self._forget(oldest)
        stands = machine.status(now, self._core.time_of_day)
        if self._told.get(aor) == stands.sentence:
            return NOTHING
        self._told[aor] = stands.sentence
        fields: dict[str, Field] = {"tenant": self.tenant.domain, "aor": str(aor), "status": status}
        fields["reason"] = stands.sentence
        what = Happened.PBX_REGISTERED if stands.state is State.REGISTERED else Happened.PBX_REFUSED
        return (Note(Event(what, now, "", fields)),)

    def _forget(self, aor: Aor) -> None:
        self.pacing.drop(aor)
        self._unproven.discard(aor)
        self._accounts.pop(aor, None)
        self._told.pop(aor, None)


def standing_of(core: Core, tenant: Tenant) -> Standing:
    """Return a tenant's registrations at its PBX; the first who asks makes them."""
    owner = core.calls.get(_owner_id(tenant))
    if not isinstance(owner, Standing):
        owner = Standing(core, tenant)
        core.calls.add(_owner_id(tenant), owner, transaction=None)
    return owner


def asked(core: Core, tenant: Tenant, effects: Effects, now: float) -> Effects:
    """Return what a tenant's registrations have wished, their branches and timer noted."""
    return core.calls.keep(_owner_id(tenant), effects, now)


def reached(core: Core, tenant: Tenant, now: float, *, is_up: bool = True) -> Effects:
    """Take note of a sign of life of a tenant's PBX, or that the way to it is gone."""
    if tenant.upstream not in _HAVE_CONTACTS:
        return NOTHING
    standing = standing_of(core, tenant)
    (standing.pacing.heard if is_up else standing.pacing.lost)(now)
    return asked(core, tenant, NOTHING, now)


def called_by_pbx(core: Core, aor: Aor, now: float) -> Effects:
    """Take note of a call from the PBX: it is there, and the account is registered early after its next outage."""
    tenant = core.directory.tenant(aor.rpartition("@")[2])
    if tenant is None or tenant.upstream not in _HAVE_CONTACTS:
        return NOTHING
    standing_of(core, tenant).pacing.called(aor)
    return reached(core, tenant, now)


def leave_for_good(core: Core, account: Account, now: float) -> Effects:
    """Un-register an account whose login is forgotten by now; what leaves is signed with it once more."""
    tenant = core.directory.tenant(account.tenant)
    if tenant is None:
        return NOTHING
    return asked(core, tenant, standing_of(core, tenant).leave(account.aor, now), now)


def follow(core: Core, aor: Aor, bindings: tuple[Binding, ...], now: float) -> Effects:
    """Keep the PBX in step with an account's phones: it has a Contact of ours while there is any."""
    tenant = core.directory.tenant(aor.rpartition("@")[2])
    if tenant is None or tenant.upstream not in _HAVE_CONTACTS:
        return NOTHING
    standing = standing_of(core, tenant)
    if not bindings:
        return asked(core, tenant, standing.leave(aor, now), now)
    standing.want(aor, now)
    return asked(core, tenant, NOTHING, now)


def restore(core: Core, now: float) -> Effects:
    """Take up the accounts whose phones were bound in an earlier life of the process."""

    def found(bindings: tuple[Binding, ...], now: float) -> Effects:
        effects = [follow(core, aor, bindings, now) for aor in dict.fromkeys(binding.aor for binding in bindings)]
        return tuple(effect for several in effects for effect in several)

    return (Persist(ListBindings(aor=None, wall=core.wall(now)), applied=found),)


def _owner_id(tenant: Tenant) -> str:
    return f"pbx {tenant.domain}"
